// SPDX-License-Identifier: BSD-3-Clause
#include "control/memory/memory_load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Without a byte from the reader for so long it is given up.
#define PATIENCE_MS 10000

// What the reader passes on: the key, then entries, then one of this kind, without which there might have been more.
#define END 0xffu

struct loading {
	uint32_t capacity;
	uint64_t wall_s;
	uint8_t *key;
	struct memory *memory; // NULL until the key is there
	uint32_t taken;
	bool ended;
};

static bool pass_key(void *context, const uint8_t key[16])
{
	return fwrite(key, 16, 1, context) == 1;
}

static bool pass_entry(void *context, const struct memory_entry *entry)
{
	return fwrite(entry, sizeof(*entry), 1, context) == 1;
}

static void read_and_pass(const char *path, int fd, pid_t parent)
{
	static const struct rlimit none = {0, 0};
	struct memory_entry end = {.kind = END};
	FILE *out = fdopen(fd, "w");
	int silent = open("/dev/null", O_WRONLY); // what LMDB says of it is no sentence for anybody
	if (silent >= 0)
		dup2(silent, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none); // a crash here is no news for whoever collects them
	if (out == NULL || getppid() != parent)
		_exit(MEMORY_FILE_DAMAGED);
	enum memory_file_state state = memory_file_read(path, pass_key, pass_entry, out);
	if (state == MEMORY_FILE_GOOD && !pass_entry(out, &end))
		state = MEMORY_FILE_DAMAGED;
	if (fflush(out) != 0)
		state = MEMORY_FILE_DAMAGED;
	_exit(state);
}

// Takes whole pieces of what was read; returns how many bytes.
static size_t take(struct loading *loading, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;
	struct memory_entry entry;
	if (loading->memory == NULL) {
		if (count < 16)
			return 0;
		memcpy(loading->key, bytes, 16);
		loading->memory = memory_new(loading->capacity, loading->key);
		taken = 16;
	}
	for (; loading->memory != NULL && count - taken >= sizeof(entry); taken += sizeof(entry)) {
		memcpy(&entry, bytes + taken, sizeof(entry));
		if (entry.kind == END)
			loading->ended = true;
		else
			loading->taken += memory_restore(loading->memory, &entry, loading->wall_s);
	}
	return taken;
}

static void take_all(struct loading *loading, int fd)
{
	static uint8_t buffer[65536];
	size_t held = 0;
	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int ready = poll(&wait, 1, PATIENCE_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		ssize_t count = ready <= 0 ? 0 : read(fd, buffer + held, sizeof(buffer) - held);
		if (count <= 0)
			return;
		held += (size_t)count;
		size_t taken = take(loading, buffer, held);
		if (taken == 0 && held == sizeof(buffer)) // no memory
			return;
		held -= taken;
		memmove(buffer, buffer + taken, held);
	}
}

// What the reader came to.
static enum memory_file_state read_apart(struct loading *loading, const char *path)
{
	int pipes[2], status;
	pid_t parent = getpid();
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return MEMORY_FILE_DAMAGED;
	pid_t reader = fork();
	if (reader == 0) {
		close(pipes[0]);
		read_and_pass(path, pipes[1], parent);
	}
	close(pipes[1]);
	if (reader > 0)
		take_all(loading, pipes[0]);
	close(pipes[0]);
	if (reader < 0)
		return MEMORY_FILE_DAMAGED;
	if (!loading->ended)
		kill(reader, SIGKILL); // it may hang
	while (waitpid(reader, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == MEMORY_FILE_OTHER)
		return MEMORY_FILE_OTHER;
	return loading->ended ? MEMORY_FILE_GOOD : MEMORY_FILE_DAMAGED;
}

static void set_aside(const struct loading *loading, const char *path, enum memory_file_state state,
	char trouble[MEMORY_LOAD_ERROR])
{
	char aside[300];
	snprintf(aside, sizeof(aside), "%.250s.damaged-%" PRIu64, path, loading->wall_s);
	bool renamed = rename(path, aside) == 0;
	snprintf(trouble, MEMORY_LOAD_ERROR,
		"%.250s: %s; %u entries of it are remembered, greylisting and the wait begin anew "
		"for "
		"the others; the file is kept as %.250s and can be deleted",
		path,
		state == MEMORY_FILE_OTHER ? "is of another version or no memory of ours"
					   : "is damaged",
		loading->taken, renamed ? aside : path);
}

static bool read_file(struct loading *loading, const char *path, char trouble[MEMORY_LOAD_ERROR])
{
	struct stat is;
	enum memory_file_state state = MEMORY_FILE_OTHER;
	if (lstat(path, &is) != 0 && errno == ENOENT)
		return true;
	if (S_ISREG(is.st_mode) && is.st_size > 0)
		state = read_apart(loading, path);
	if (state == MEMORY_FILE_GOOD)
		return true;
	set_aside(loading, path, state, trouble);
	return false;
}

struct memory *memory_load(const char *folder, uint32_t capacity, uint64_t wall_s, uint8_t key[16],
	char trouble[MEMORY_LOAD_ERROR])
{
	struct loading loading = {.capacity = capacity, .wall_s = wall_s, .key = key};
	char path[300];
	snprintf(path, sizeof(path), "%.240s/" MEMORY_FILE_NAME, folder);
	trouble[0] = '\0';
	read_file(&loading, path, trouble);
	if (loading.memory != NULL)
		return loading.memory;
	if (getrandom(key, 16, 0) != 16)
		return NULL;
	return memory_new(capacity, key);
}
