// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/eal.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_malloc.h>

#include "control/log/hush.h"
#include "control/start/device.h"

#define HUGEPAGES "/sys/kernel/mm/hugepages"

static struct {
	pthread_mutex_t lock;
	char text[200];
} last_words = {.lock = PTHREAD_MUTEX_INITIALIZER};

// The stream that DPDK logs to. Below warning nothing arrives; of what arrives the last error or warning is kept.
static ssize_t keep_words(void *cookie, const char *bytes, size_t count)
{
	if (count == 0 || rte_log_cur_msg_loglevel() > (int)RTE_LOG_ERR)
		return (ssize_t)count;
	pthread_mutex_lock(&last_words.lock);
	size_t length = 0;
	for (size_t i = 0; i < count && length + 1 < sizeof(last_words.text); i++) {
		if (bytes[i] == '\n')
			break;
		last_words.text[length++] = isprint((unsigned char)bytes[i]) ? bytes[i] : ' ';
	}
	last_words.text[length] = '\0';
	pthread_mutex_unlock(&last_words.lock);
	return (ssize_t)count;
}

void eal_last_words(char text[200])
{
	pthread_mutex_lock(&last_words.lock);
	memcpy(text, last_words.text, sizeof(last_words.text));
	last_words.text[0] = '\0';
	pthread_mutex_unlock(&last_words.lock);
}

static uint64_t read_number(const char *path)
{
	unsigned long long number = 0;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	// NOLINTNEXTLINE(cert-err34-c): the kernel wrote the number
	if (fscanf(file, "%llu", &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

static uint64_t default_hugepage_size(void)
{
	unsigned long long kilobytes = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		// NOLINTNEXTLINE(cert-err34-c): the kernel wrote the number
		if (sscanf(line, "Hugepagesize: %llu kB", &kilobytes) == 1)
			break;
	fclose(file);
	return kilobytes * 1024;
}

void eal_surroundings_read(struct eal_surroundings *around)
{
	memset(around, 0, sizeof(*around));
	around->pid = getpid();
	around->hugepage_size = default_hugepage_size();
	if (sched_getaffinity(0, sizeof(around->cpus), &around->cpus) != 0)
		CPU_SET(0, &around->cpus);
	DIR *folder = opendir(HUGEPAGES);
	if (folder == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		unsigned long kilobytes;
		char path[sizeof(HUGEPAGES) + 300];
		// NOLINTNEXTLINE(cert-err34-c): the kernel wrote the number
		if (sscanf(entry->d_name, "hugepages-%lukB", &kilobytes) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES "/%s/free_hugepages", entry->d_name);
		around->hugepages_free += read_number(path) * kilobytes * 1024;
	}
	closedir(folder);
}

static void remove_runtime_folder(const struct eal_arguments *arguments)
{
	char path[64];
	snprintf(path, sizeof(path), "/var/run/dpdk/%s", arguments->prefix);
	rmdir(path); // empty; not there without root
}

bool eal_start(struct eal_arguments *arguments, char error[256])
{
	cookie_io_functions_t functions = {.write = keep_words};
	FILE *stream = fopencookie(NULL, "w", functions);
	if (stream == NULL) {
		snprintf(error, 256, "no memory to start DPDK");
		return false;
	}
	setvbuf(stream, NULL, _IONBF, 0);
	rte_openlog_stream(stream); // DPDK's for the life of the process
	// EAL reorders the vector it is given.
	char *vector[EAL_ARGUMENTS_MAX + 1];
	memcpy(vector, arguments->argument, sizeof(vector));
	struct hush hush;
	hush_begin(&hush);
	int result = rte_eal_init(arguments->count, vector);
	hush_end(&hush, NULL); // its log has the same words
	remove_runtime_folder(
		arguments); // nothing will be put there, and a killed process leaves nothing behind
	if (result >= 0)
		return true;
	char words[200];
	eal_last_words(words);
	snprintf(error, 256, "DPDK does not start (%s): %.180s", rte_strerror(rte_errno),
		words[0] != '\0' ? words
				 : "run as root, or with the capabilities of the service file");
	return false;
}

bool eal_probe(const struct config_port *port, unsigned index, uint16_t queues, char error[256])
{
	char text[EAL_DEVICE], words[200];
	if (port->device == DEVICE_PCI)
		return true;
	eal_device_text(port, index, queues, text);
	eal_last_words(words);
	int result = rte_dev_probe(text);
	if (result == 0)
		return true;
	eal_last_words(words);
	snprintf(error, 256, "port %s: DPDK can't open %s (%s)%s%.130s", port->name,
		device_place(port), rte_strerror(-result), words[0] != '\0' ? ": " : "", words);
	return false;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}
