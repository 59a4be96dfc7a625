# SPDX-License-Identifier: GPL-2.0-or-later
"""Hand-made conversations of a client and a MySQL server, for what no recording has: Ethernet, IPv4, TCP, the protocol's packets.

    t = Conversation(); t.greeting(); t.login(b"app"); t.query(b"SELECT 1", error=(1064, b"42000", b"near '1'")); t.quit()
    write(path, [t])
"""
import struct

import capture

CAPABILITIES = 0x3BA289  # CLIENT_LONG_PASSWORD to CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA, without SSL and CLIENT_DEPRECATE_EOF
CLIENT, SERVER = 0, 1


def lenenc(data):
    assert len(data) < 65536
    return (bytes([len(data)]) if len(data) < 251 else b"\xfc" + struct.pack("<H", len(data))) + data


class Conversation:
    def __init__(self, port=50000, time_ns=10**18, client="10.1.2.3", server="10.9.8.7"):
        self.ends = [(bytes(map(int, client.split("."))), port), (bytes(map(int, server.split("."))), 3306)]
        self.next, self.time, self.packets = [1000, 5000], time_ns, []
        self.segment(CLIENT, b"", 0x02)
        self.next[CLIENT] += 1
        self.segment(SERVER, b"", 0x12)
        self.next[SERVER] += 1
        self.segment(CLIENT, b"", 0x10)

    def segment(self, side, data, flags=0x18):
        (source, source_port), (target, target_port) = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if flags & 0x10 else 0
        tcp = struct.pack(">HHIIBBHHH", source_port, target_port, self.next[side], ack, 0x50, flags, 65535, 0, 0) + data
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + target + tcp
        self.time += 10**6
        self.packets.append((self.time, bytes(12) + b"\x08\x00" + ip))
        self.next[side] += len(data)

    def packet(self, side, sequence, payload):
        data = struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload
        for i in range(0, len(data), 1400):
            self.segment(side, data[i : i + 1400])

    def greeting(self, version=b"8.4.3", status=2):
        self.packet(SERVER, 0, b"\x0a" + version + b"\0" + struct.pack("<I", 77) + b"abcdefgh\0" + struct.pack("<H", CAPABILITIES & 0xFFFF) + b"\xff"
                    + struct.pack("<HH", status, CAPABILITIES >> 16) + b"\x15" + bytes(10) + b"ijklmnopqrst\0mysql_native_password\0")

    def login(self, user, database=b"", attributes=(), status=2, error=None):
        sent = b"".join(lenenc(name) + lenenc(value) for name, value in attributes)
        self.packet(CLIENT, 1, struct.pack("<II", CAPABILITIES, 1 << 24) + b"\xff" + bytes(23) + user + b"\0" + lenenc(b"x" * 20) + database
                    + b"\0mysql_native_password\0" + lenenc(sent))
        self.reply(2, status, error)

    def reply(self, sequence, status=2, error=None):
        if error:
            code, state, message = error
            self.packet(SERVER, sequence, b"\xff" + struct.pack("<H", code) + b"#" + state + message)
        else:
            self.packet(SERVER, sequence, b"\0\0\0" + struct.pack("<HH", status, 0))

    def query(self, sql, columns=(), status=2, error=None, command=b"\x03"):
        """`columns`: (name, original table, original name) each; with some a row comes back."""
        self.packet(CLIENT, 0, command + sql)
        if not columns:
            self.reply(1, status, error)
            return
        end = b"\xfe\0\0" + struct.pack("<H", status)
        definitions = [lenenc(b"def") + lenenc(b"") + 2 * lenenc(table) + lenenc(name) + lenenc(origin) + b"\x0c"
                       + struct.pack("<HIBHBH", 255, 100, 253, 0, 0, 0) for name, table, origin in columns]
        for i, data in enumerate([bytes([len(columns)]), *definitions, end, lenenc(b"v") * len(columns), end]):
            self.packet(SERVER, 1 + i, data)

    def quit(self):
        self.packet(CLIENT, 0, b"\x01")
        self.segment(CLIENT, b"", 0x11)


def write(path, conversations):
    with open(path, "wb") as f:
        capture.write_header(f, 1)
        for time, data in sorted(p for c in conversations for p in c.packets):
            f.write(capture.record(time, data, len(data)))
