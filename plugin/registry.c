/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields and remarks are expanded from the core's lists; Wireshark's side of a row is chosen here. */
#include "plugin/registry.h"

static int protocol = -1;
static int field_ids[MW_F_COUNT];
static int own_field_ids[OWN_FIELD_COUNT];
static int tree_ids[MW_F_COUNT];
static int packet_tree_id = -1;

static expert_field note_ids[MW_NOTE_COUNT];
static expert_field own_note_ids[OWN_NOTE_COUNT];

int registry_protocol(void)
{
    return protocol;
}

int registry_field(enum mw_field_id id)
{
    return field_ids[id];
}

int registry_own_field(enum own_field id)
{
    return own_field_ids[id];
}

int registry_tree(enum mw_field_id id)
{
    return tree_ids[id];
}

int registry_packet_tree(void)
{
    return packet_tree_id;
}

expert_field *registry_note(enum mw_note_id id)
{
    return &note_ids[id];
}

expert_field *registry_own_note(enum own_note id)
{
    return &own_note_ids[id];
}

/* -- fields -------------------------------------------------------------------------------------------------------- */

static enum ftenum type_of(enum mw_field_type type)
{
    static const enum ftenum types[] = {
        [MW_FT_HEADING] = FT_NONE,   [MW_FT_U8] = FT_UINT8,
        [MW_FT_U16] = FT_UINT16,     [MW_FT_U24] = FT_UINT24,
        [MW_FT_U32] = FT_UINT32,     [MW_FT_U64] = FT_UINT64,
        [MW_FT_I8] = FT_INT8,        [MW_FT_I16] = FT_INT16,
        [MW_FT_I32] = FT_INT32,      [MW_FT_I64] = FT_INT64,
        [MW_FT_F32] = FT_FLOAT,      [MW_FT_F64] = FT_DOUBLE,
        [MW_FT_BOOL8] = FT_BOOLEAN,  [MW_FT_BOOL16] = FT_BOOLEAN,
        [MW_FT_BOOL32] = FT_BOOLEAN, [MW_FT_TEXT] = FT_STRING,
        [MW_FT_TEXTZ] = FT_STRINGZ,  [MW_FT_TEXTL] = FT_UINT_STRING,
        [MW_FT_BYTES] = FT_BYTES,    [MW_FT_TIME32] = FT_ABSOLUTE_TIME,
        [MW_FT_IPV4] = FT_IPv4,      [MW_FT_IPV6] = FT_IPv6,
    };
    return types[type];
}

/* For FT_BOOLEAN the width of the flags field stands in place of the base. */
static int display_of(const struct mw_field *f)
{
    switch (f->type) {
    case MW_FT_BOOL8: return 8;
    case MW_FT_BOOL16: return 16;
    case MW_FT_BOOL32: return 32;
    case MW_FT_TIME32: return ABSOLUTE_TIME_UTC;
    default: return f->base == MW_BASE_DEC ? BASE_DEC : f->base == MW_BASE_HEX ? BASE_HEX : BASE_NONE;
    }
}

/* Names of values, for filters and for Wireshark's own labels. The dialect of a packet is not known to a field's
 * registration, so a name that differs between the two comes from the trace. */
static const value_string *names_of(enum mw_names_id id)
{
    static value_string *lists[MW_NAMES_COUNT];
    if (lists[id])
        return lists[id];
    size_t n = mw_names_copy(id, MW_DIALECT_UNKNOWN, NULL, 0);
    struct mw_name *names = wmem_alloc_array(NULL, struct mw_name, n);
    lists[id] = wmem_alloc0_array(wmem_epan_scope(), value_string, n + 1);
    mw_names_copy(id, MW_DIALECT_UNKNOWN, names, n);
    for (size_t i = 0; i < n; i++)
        lists[id][i] = (value_string){names[i].value, names[i].name};
    wmem_free(NULL, names);
    return lists[id];
}

static header_field_info describe(const struct mw_field *f)
{
    header_field_info info = {f->label, f->filter, type_of(f->type), display_of(f), NULL, f->mask, f->help, HFILL};
    if (info.type == FT_BOOLEAN)
        info.strings = TFS(&tfs_set_notset);
    else if (f->names != MW_NAMES_NONE)
        info.strings = VALS(names_of(f->names));
    return info;
}

static void register_fields(void)
{
    static hf_register_info rows[MW_F_COUNT];
    for (int i = 0; i < MW_F_COUNT; i++) {
        field_ids[i] = -1;
        rows[i] = (hf_register_info){&field_ids[i], describe(mw_field((enum mw_field_id)i))};
    }
    proto_register_field_array(protocol, rows, MW_F_COUNT);

    static hf_register_info own[OWN_FIELD_COUNT] = {
        [OWN_AUTH_SUMMARY] = {&own_field_ids[OWN_AUTH_SUMMARY],
                              {"Authentication", "mywire.auth_summary", FT_STRING, BASE_NONE, NULL, 0,
                               "How the login was decided: the plugin, the way it took, the verdict", HFILL}},
        [OWN_SENT_LENGTH] = {&own_field_ids[OWN_SENT_LENGTH],
                             {"Compressed Packet Length", "mysql.compressed_packet_length", FT_UINT24, BASE_DEC, NULL,
                              0, "Length of a compressed frame's data as sent", HFILL}},
        [OWN_FRAME_NUMBER] = {&own_field_ids[OWN_FRAME_NUMBER],
                              {"Compressed Packet Number", "mysql.compressed_packet_number", FT_UINT24, BASE_DEC, NULL,
                               0, "Sequence id of a compressed frame, modulo 256", HFILL}},
        [OWN_CONTENT_LENGTH] = {&own_field_ids[OWN_CONTENT_LENGTH],
                                {"Uncompressed Packet Length", "mysql.compressed_packet_length_uncompressed", FT_UINT24,
                                 BASE_DEC, NULL, 0, "Length before compression; 0: the data is not compressed", HFILL}},
        [OWN_COMPRESSED] = {&own_field_ids[OWN_COMPRESSED],
                            {"Compressed Data", "mywire.compressed", FT_BYTES, BASE_NONE, NULL, 0,
                             "Data of a compressed frame", HFILL}},
        [OWN_PART] = {&own_field_ids[OWN_PART],
                      {"Part of a packet", "mywire.part", FT_BYTES, BASE_NONE, NULL, 0,
                       "Content of a compressed frame that belongs to a packet, which is shown where it ends", HFILL}},
        [OWN_UNREAD] = {&own_field_ids[OWN_UNREAD],
                        {"Undecoded data", "mywire.undecoded", FT_BYTES, BASE_NONE, NULL, 0,
                         "Bytes in which no packet begins, as far as is known", HFILL}},
        [OWN_REST] = {&own_field_ids[OWN_REST],
                      {"Rest of a packet", "mywire.rest", FT_BYTES, BASE_NONE, NULL, 0,
                       "Bytes of a packet whose beginning was shown before, because it was not reassembled", HFILL}},
        [OWN_RESPONSE_IN] = {&own_field_ids[OWN_RESPONSE_IN],
                             {"Response in", "mywire.response_in", FT_FRAMENUM, BASE_NONE,
                              FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0,
                              "The frame with the first packet of the reply to this command", HFILL}},
        [OWN_RESPONSE_TO] = {&own_field_ids[OWN_RESPONSE_TO],
                             {"Response to", "mywire.response_to", FT_FRAMENUM, BASE_NONE,
                              FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The frame with the command", HFILL}},
        [OWN_TIME_FIRST] = {&own_field_ids[OWN_TIME_FIRST],
                            {"Time to first byte", "mywire.time_first", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
                             "From the command's end to the beginning of its reply", HFILL}},
        [OWN_TIME_LAST] = {&own_field_ids[OWN_TIME_LAST],
                           {"Time to last byte", "mywire.time_last", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
                            "From the command's end to the end of its reply", HFILL}},
        [OWN_ROWS] = {&own_field_ids[OWN_ROWS],
                      {"Rows", "mywire.rows", FT_UINT64, BASE_DEC, NULL, 0, "Rows that the reply holds", HFILL}},
        [OWN_BYTES] = {&own_field_ids[OWN_BYTES],
                       {"Bytes", "mywire.bytes", FT_UINT64, BASE_DEC, NULL, 0,
                        "Bytes of the reply, packet headers included", HFILL}},
        [OWN_STATEMENT] = {&own_field_ids[OWN_STATEMENT],
                           {"Prepared statement", "mywire.statement_text", FT_STRING, BASE_NONE, NULL, 0,
                            "Text of the statement that the command is about", HFILL}},
        [OWN_PREPARE_IN] = {&own_field_ids[OWN_PREPARE_IN],
                            {"Prepared in", "mywire.prepare_in", FT_FRAMENUM, BASE_NONE,
                             FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The frame that prepared the statement", HFILL}},
    };
    for (int i = 0; i < OWN_FIELD_COUNT; i++)
        own_field_ids[i] = -1;
    proto_register_field_array(protocol, own, OWN_FIELD_COUNT);
}

static void register_trees(void)
{
    static int *rows[MW_F_COUNT + 1];
    for (int i = 0; i < MW_F_COUNT; i++) {
        tree_ids[i] = -1; /* Wireshark 4.0 aborts on 0 */
        rows[i] = &tree_ids[i];
    }
    rows[MW_F_COUNT] = &packet_tree_id;
    proto_register_subtree_array(rows, MW_F_COUNT + 1);
}

/* -- remarks ------------------------------------------------------------------------------------------------------- */

static int group_of(enum mw_note_id id)
{
    switch (id) {
    case MW_NOTE_BAD: return PI_MALFORMED;
    case MW_NOTE_SHORT:
    case MW_NOTE_LOST:
    case MW_NOTE_UNKNOWN:
    case MW_NOTE_TRAILING:
    case MW_NOTE_UNKNOWN_COMMAND:
    case MW_NOTE_FRAME_DAMAGED: return PI_UNDECODED;
    case MW_NOTE_SEQUENCE:
    case MW_NOTE_UNEXPECTED:
    case MW_NOTE_UNSOLICITED:
    case MW_NOTE_QUEUE_FULL:
    case MW_NOTE_RESYNC: return PI_SEQUENCE;
    case MW_NOTE_GUESSED: return PI_ASSUMPTION;
    case MW_NOTE_CLEARTEXT_PASSWORD:
    case MW_NOTE_OLD_PASSWORD:
    case MW_NOTE_LOGIN_FAILED: return PI_SECURITY;
    case MW_NOTE_ERR:
    case MW_NOTE_WARNINGS:
    case MW_NOTE_NO_INDEX:
    case MW_NOTE_SLOW: return PI_RESPONSE_CODE;
    default: return PI_PROTOCOL;
    }
}

static int severity_of(enum mw_severity severity)
{
    static const int severities[] = {
        [MW_SEVERITY_CHAT] = PI_CHAT,
        [MW_SEVERITY_NOTE] = PI_NOTE,
        [MW_SEVERITY_WARN] = PI_WARN,
        [MW_SEVERITY_ERROR] = PI_ERROR,
    };
    return severities[severity];
}

static void register_notes(void)
{
    static const char *const names[MW_NOTE_COUNT] = {
#define MW_NOTE(id, key, severity, text) "mywire.note." key,
#include "mywire/notes.def"
#undef MW_NOTE
    };
    static ei_register_info rows[MW_NOTE_COUNT];
    for (int i = 0; i < MW_NOTE_COUNT; i++) {
        const struct mw_note *note = mw_note((enum mw_note_id)i);
        note_ids[i] = (expert_field)EI_INIT;
        rows[i] = (ei_register_info){
            &note_ids[i], {names[i], group_of((enum mw_note_id)i), severity_of(note->severity), note->text, EXPFILL}};
    }
    expert_module_t *module = expert_register_protocol(protocol);
    expert_register_field_array(module, rows, MW_NOTE_COUNT);

    static ei_register_info own[OWN_NOTE_COUNT] = {
        [OWN_NOTE_UNREAD] = {&own_note_ids[OWN_NOTE_UNREAD],
                             {"mywire.note.undecoded", PI_UNDECODED, PI_NOTE, "Not decoded", EXPFILL}},
    };
    for (int i = 0; i < OWN_NOTE_COUNT; i++)
        own_note_ids[i] = (expert_field)EI_INIT;
    expert_register_field_array(module, own, OWN_NOTE_COUNT);
}

int registry_register(void)
{
    protocol = proto_register_protocol("MySQL/MariaDB (mywire)", "MyWire", "mywire");
    register_fields();
    register_trees();
    register_notes();
    return protocol;
}
