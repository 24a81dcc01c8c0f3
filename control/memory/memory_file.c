// SPDX-License-Identifier: BSD-3-Clause
#include "control/memory/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

// Bytes of a file's map for a bucket: a record of 270 bytes on pages that may be half empty, and as much for what a write leaves
// behind. Only addresses: the file has what is used of it.
#define MAP_BUCKET 2048u
#define MAP_LEAST  (UINT64_C(16) << 20)

// Buckets written in one go, some 4 MB.
#define BUCKETS_A_WRITE 16384u

// Nobody but us opens the file, and a reader's lock file would be one more thing to lose.
#define FLAGS (MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS)

#define MAGIC   "barscreen memory"
#define VERSION 1u

struct header {
	char magic[16];
	uint32_t version; // of other byte order it is another one
	uint32_t entry;   // bytes
	uint8_t key[16];
};

struct memory_file {
	char folder[256];
	MDB_env *env;
	MDB_dbi records;
	struct memory *memory;
};

// Little enough that a write which failed did so for want of room: LMDB calls it an error of input or output when some of its bytes
// were written.
#define ROOM_LEAST (UINT64_C(1) << 20)

static bool is_full(const char *folder)
{
	struct statvfs disk;
	return statvfs(folder, &disk) == 0 && disk.f_bavail * disk.f_frsize < ROOM_LEAST;
}

static bool fail(char error[MEMORY_FILE_ERROR], const char *folder, const char *name, int code)
{
	if (code == EIO && is_full(folder))
		code = ENOSPC;
	snprintf(error, MEMORY_FILE_ERROR, "%.250s%s: %s", folder, name, mdb_strerror(code));
	return false;
}

static int put(
	struct memory_file *file, MDB_txn *write, unsigned number, const void *bytes, size_t length)
{
	MDB_val key = {sizeof(number), &number}, value = {length, (void *)bytes};
	return mdb_put(write, file->records, &key, &value, 0);
}

static int put_bucket(struct memory_file *file, MDB_txn *write, unsigned number,
	const struct memory_entry *entry, int count)
{
	MDB_val key = {sizeof(number), &number};
	if (count > 0)
		return put(file, write, number, entry, (size_t)count * sizeof(*entry));
	int code = mdb_del(write, file->records, &key, NULL);
	return code == MDB_NOTFOUND ? 0 : code;
}

// A piece of what changed; *cursor moves on and is UINT32_MAX at the end.
static int write_piece(struct memory_file *file, uint32_t *cursor)
{
	struct memory_entry entry[MEMORY_BUCKET];
	MDB_txn *write = NULL;
	int code = 0;
	for (unsigned i = 0; code == 0 && i < BUCKETS_A_WRITE; i++) {
		int count = memory_take_changed(file->memory, cursor, entry);
		if (count < 0) {
			*cursor = UINT32_MAX;
			break;
		}
		if (write == NULL)
			code = mdb_txn_begin(file->env, NULL, 0, &write);
		if (code == 0) // the cursor is one behind the bucket, which is the record's number
			code = put_bucket(file, write, *cursor, entry, count);
	}
	if (code == 0 && write != NULL)
		return mdb_txn_commit(write);
	if (write != NULL)
		mdb_txn_abort(write);
	return code;
}

static int write_changed(struct memory_file *file)
{
	int code = 0;
	for (uint32_t cursor = 0; code == 0 && cursor != UINT32_MAX;)
		code = write_piece(file, &cursor);
	return code;
}

bool memory_file_save(struct memory_file *file, char error[MEMORY_FILE_ERROR])
{
	int code = write_changed(file);
	return code == 0 || fail(error, file->folder, "/" MEMORY_FILE_NAME, code);
}

static int write_header(struct memory_file *file, const uint8_t key[16])
{
	struct header header = {.version = VERSION, .entry = sizeof(struct memory_entry)};
	MDB_txn *write;
	memcpy(header.magic, MAGIC, sizeof(header.magic));
	memcpy(header.key, key, sizeof(header.key));
	int code = mdb_txn_begin(file->env, NULL, 0, &write);
	if (code != 0)
		return code;
	code = mdb_dbi_open(write, NULL, MDB_INTEGERKEY | MDB_CREATE, &file->records);
	if (code == 0)
		code = put(file, write, 0, &header, sizeof(header));
	if (code == 0)
		return mdb_txn_commit(write);
	mdb_txn_abort(write);
	return code;
}

// Whole and on the disk when it returns 0.
static int fill(struct memory_file *file, const char *path, const uint8_t key[16])
{
	size_t map = MAP_LEAST + (size_t)memory_buckets(file->memory) * MAP_BUCKET;
	int code = mdb_env_create(&file->env);
	if (code == 0)
		code = mdb_env_set_mapsize(file->env, map);
	if (code == 0)
		code = mdb_env_open(file->env, path, FLAGS | MDB_NOSYNC, 0600);
	if (code == 0)
		code = write_header(file, key);
	memory_mark_all(file->memory);
	if (code == 0)
		code = write_changed(file);
	if (code == 0)
		code = mdb_env_sync(file->env, 1);
	if (code == 0) // from now on each write is
		code = mdb_env_set_flags(file->env, MDB_NOSYNC, 0);
	return code;
}

// The folder's entry is on the disk too.
static int take_name(const char *folder, const char *from, const char *path)
{
	if (rename(from, path) != 0)
		return errno;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	int code = fsync(fd) == 0 ? 0 : errno;
	close(fd);
	return code;
}

struct memory_file *memory_file_new(const char *folder, struct memory *memory,
	const uint8_t key[16], char error[MEMORY_FILE_ERROR])
{
	struct memory_file *file = calloc(1, sizeof(*file));
	char path[300], from[310];
	snprintf(path, sizeof(path), "%.240s/" MEMORY_FILE_NAME, folder);
	snprintf(from, sizeof(from), "%s.new", path);
	if (file == NULL) {
		fail(error, folder, "", ENOMEM);
		return NULL;
	}
	file->memory = memory;
	snprintf(file->folder, sizeof(file->folder), "%.240s", folder);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		fail(error, folder, "", errno);
		free(file);
		return NULL;
	}
	unlink(from); // of one who died over it
	int code = fill(file, from, key);
	if (code == 0)
		code = take_name(folder, from, path);
	if (code == 0)
		return file;
	fail(error, folder, "/" MEMORY_FILE_NAME,
		code); // looks at the room before it is given back
	unlink(from);
	memory_file_free(file);
	return NULL;
}

void memory_file_free(struct memory_file *file)
{
	if (file == NULL)
		return;
	if (file->env != NULL)
		mdb_env_close(file->env);
	free(file);
}

static bool is_ours(const MDB_val *value)
{
	struct header header;
	if (value->mv_size != sizeof(header))
		return false;
	memcpy(&header, value->mv_data, sizeof(header));
	return memcmp(header.magic, MAGIC, sizeof(header.magic)) == 0 &&
	       header.version == VERSION && header.entry == sizeof(struct memory_entry);
}

static bool take_record(const MDB_val *value,
	bool (*take)(void *context, const struct memory_entry *entry), void *context)
{
	struct memory_entry entry;
	for (size_t at = 0; at + sizeof(entry) <= value->mv_size; at += sizeof(entry)) {
		memcpy(&entry, (const uint8_t *)value->mv_data + at, sizeof(entry));
		if (!take(context, &entry))
			return false;
	}
	return true;
}

static enum memory_file_state read_records(MDB_cursor *cursor,
	bool (*begin)(void *context, const uint8_t key[16]),
	bool (*take)(void *context, const struct memory_entry *entry), void *context)
{
	struct header header;
	MDB_val key, value;
	int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	if (code != 0)
		return MEMORY_FILE_DAMAGED;
	if (!is_ours(&value))
		return MEMORY_FILE_OTHER;
	memcpy(&header, value.mv_data, sizeof(header));
	if (!begin(context, header.key))
		return MEMORY_FILE_GOOD;
	while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
		if (!take_record(&value, take, context))
			return MEMORY_FILE_GOOD;
	return code == MDB_NOTFOUND ? MEMORY_FILE_GOOD : MEMORY_FILE_DAMAGED;
}

enum memory_file_state memory_file_read(const char *path,
	bool (*begin)(void *context, const uint8_t key[16]),
	bool (*take)(void *context, const struct memory_entry *entry), void *context)
{
	enum memory_file_state state = MEMORY_FILE_DAMAGED;
	MDB_env *env;
	MDB_txn *look = NULL;
	MDB_dbi records;
	MDB_cursor *cursor;
	if (mdb_env_create(&env) != 0)
		return state;
	if (mdb_env_open(env, path, FLAGS | MDB_RDONLY, 0600) == 0 &&
		mdb_txn_begin(env, NULL, MDB_RDONLY, &look) == 0 &&
		mdb_dbi_open(look, NULL, 0, &records) == 0 &&
		mdb_cursor_open(look, records, &cursor) == 0) {
		state = read_records(cursor, begin, take, context);
		mdb_cursor_close(cursor);
	}
	if (look != NULL)
		mdb_txn_abort(look);
	mdb_env_close(env);
	return state;
}
