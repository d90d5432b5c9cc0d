/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target over its stored corpus, with any compiler: linked with
 * one f_*.c.  The corpus is the folder of the target's name, which is the
 * program's name without "replay_".
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define INPUT_MAX (1 << 20)

static int
run_file(const char *path, uint8_t *data)
{
	FILE *f = fopen(path, "rb");
	size_t len;
	uint8_t *exact;

	if (f == NULL)
		return 0;
	len = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	/* an allocation of the very size, so that ASan sees one byte more */
	exact = malloc(len ? len : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 1;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("SP_SRCDIR");
	const char *name = strrchr(argv[0], '/');
	uint8_t *data = malloc(INPUT_MAX);
	char path[1024], dir[512];
	struct dirent *e;
	int done = 0;
	DIR *d;

	(void)argc;
	name = name ? name + 1 : argv[0];
	if (strncmp(name, "replay_", 7) == 0)
		name += 7;
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".",
	    name);
	d = opendir(dir);
	if (d == NULL || data == NULL) {
		free(data);
		printf("not ok 1 - no corpus %s\n", dir);
		return 1;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		done += run_file(path, data);
	}
	closedir(d);
	free(data);
	printf("%s 1 - %s: %d inputs\n", done ? "ok" : "not ok", name, done);
	return done ? 0 : 1;
}
