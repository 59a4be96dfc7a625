/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs every file of the directories given, and an empty input, through a fuzz target: what was found once stays found.
 * A directory that does not exist holds no files. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path, long size)
{
    FILE *file = fopen(path, "rb");
    /* Exactly as many bytes as there are, so that a sanitizer sees a read behind the last. */
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    if (!file || !bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: cannot read\n", path);
        return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int files = 0, failed = 0;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
            char path[4096];
            struct stat about;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
                failed += run_file(path, (long)about.st_size);
                files++;
            }
        }
        if (dir)
            closedir(dir);
    }
    printf("%d files\n", files);
    return failed > 0;
}
