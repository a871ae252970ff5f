// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE_BYTES 512
#define DESCRIPTORS 4096

struct alias { const char *text, *name; };
static struct alias aliases[16], ports[16];
static int alias_count, port_count;
/// What was sent last on a descriptor, and whether bytes of its answer have come.
static struct { char name[NAME_BYTES]; int answered; } sent[DESCRIPTORS];

static void split(struct alias *alias, const char *assignment) {
  char *copy = strdup(assignment);
  char *equals = copy ? strchr(copy, '=') : NULL;
  if (!equals) exit(64);
  *equals = 0;
  *alias = (struct alias){copy, equals + 1};
}

void add_alias(const char *assignment) { split(&aliases[alias_count++ & 15], assignment); }
void add_port(const char *assignment) { split(&ports[port_count++ & 15], assignment); }

static ssize_t copy_from(pid_t thread, uint64_t address, void *to, size_t count) {
  struct iovec here = {to, count}, there = {(void *)(uintptr_t)address, count};
  ssize_t got = process_vm_readv(thread, &here, 1, &there, 1, 0);
  // The page after it may not be there.
  size_t rest = 4096 - address % 4096;
  if (got < 0 && rest < count) return copy_from(thread, address, to, rest);
  return got;
}

/// Words with many digits are of one run alone: random numbers, times, digests. Sequences of manifests stay.
static int is_of_the_run(const char *word, size_t length) {
  size_t digits = 0;
  for (size_t i = 0; i < length; i++) digits += isdigit((unsigned char)word[i]) != 0;
  return digits >= 6 && !(length == 10 && strncmp(word, "0000", 4) == 0);
}

static int is_hexadecimal(const char *word, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (!isxdigit((unsigned char)word[i])) return 0;
  return length > 0;
}

/// Appends a text on one line, without what is different in every run.
static void append(char name[NAME_BYTES], const char *text, size_t limit) {
  size_t at = strlen(name), end = at + limit < NAME_BYTES - 1 ? at + limit : NAME_BYTES - 1;
  int was_number = 0;
  while (*text && at < end) {
    const struct alias *alias = NULL;
    for (int i = 0; i < alias_count && !alias; i++)
      if (strncmp(text, aliases[i].text, strlen(aliases[i].text)) == 0) alias = &aliases[i];
    if (alias) {
      at += (size_t)snprintf(name + at, end - at, "%s", alias->name);
      if (at >= end) break;
      text += strlen(alias->text);
      continue;
    }
    size_t length = 0;
    while (isalnum((unsigned char)text[length])) length++;
    if (length == 0) {
      was_number = was_number && (*text == '_' || *text == '-');
      unsigned char byte = (unsigned char)*text++;
      if (!isspace(byte)) name[at++] = byte > 32 && byte < 127 ? (char)byte : '?';
      else if (at > 0 && name[at - 1] != ' ') name[at++] = ' ';
      continue;
    }
    if (is_of_the_run(text, length) || (was_number && is_hexadecimal(text, length))) {
      name[at++] = '#';
      was_number = 1;
    } else {
      for (size_t i = 0; i < length && at < end; i++) name[at++] = text[i];
      was_number = 0;
    }
    text += length;
  }
  name[at < NAME_BYTES ? at : NAME_BYTES - 1] = 0;
}

/// The path of an open file; 0 for what is none.
static int path_of(char path[PIECE_BYTES], pid_t thread, int descriptor) {
  char link[64];
  snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
  ssize_t length = readlink(link, path, PIECE_BYTES - 1);
  path[length < 0 ? 0 : length] = 0;
  return path[0] == '/' && strncmp(path, "/dev/null", 9) != 0 && strncmp(path, "/memfd:", 7) != 0;
}

/// Says who an address is of. Returns 0 for what leads nowhere else, as the two ends of a pair.
static int name_address(char name[NAME_BYTES], const struct sockaddr_storage *address, socklen_t length) {
  name[0] = 0;
  unsigned port;
  switch (address->ss_family) {
    case AF_INET: port = ntohs(((const struct sockaddr_in *)address)->sin_port); break;
    case AF_INET6: port = ntohs(((const struct sockaddr_in6 *)address)->sin6_port); break;
    case AF_UNIX:
      if (length <= sizeof(sa_family_t)) return 0;
      append(name, ((const struct sockaddr_un *)address)->sun_path, 100);
      return name[0] != 0;
    default: return 0;
  }
  char text[16];
  snprintf(text, sizeof text, "%u", port);
  for (int i = 0; i < port_count; i++)
    if (strcmp(ports[i].text, text) == 0) return snprintf(name, NAME_BYTES, "%s", ports[i].name) > 0;
  return snprintf(name, NAME_BYTES, "port %s", text) > 0;
}

/// Who is at the other end of a connection; 0 where the descriptor is none.
static int name_peer(char name[NAME_BYTES], pid_t process, int descriptor) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  int opened = (int)syscall(SYS_pidfd_open, process, 0);
  int copy = opened < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, opened, descriptor, 0);
  int found = copy >= 0 && getpeername(copy, (struct sockaddr *)&address, &length) == 0;
  if (copy >= 0) close(copy);
  if (opened >= 0) close(opened);
  return found && name_address(name, &address, length);
}

static pid_t process_of(pid_t thread) {
  char path[64], line[128];
  snprintf(path, sizeof path, "/proc/%d/status", thread);
  FILE *file = fopen(path, "r");
  int process = thread;
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "Tgid: %d", &process) == 1) break;
  if (file) fclose(file);
  return process;
}

/// Says in a protocol's own words what is being sent.
static void append_message(char name[NAME_BYTES], const unsigned char *bytes, size_t count, int is_postgres) {
  if (!is_postgres) {
    const char *line = (const char *)bytes, *end = strstr(line, " HTTP/1.1\r\n");
    if (!isupper(bytes[0]) || !strchr(line, ' ') || (!end && !strstr(line, " /"))) return append(name, "more", 10);
    size_t length = end ? (size_t)(end - line) : count;
    char request[PIECE_BYTES];
    snprintf(request, sizeof request, "%.*s", (int)length, line);
    return append(name, request, 150);
  }
  switch (bytes[0]) {
    case 0: return append(name, "start", 10);
    case 'Q': return append(name, (const char *)bytes + 5, 120);
    case 'P': return append(name, (const char *)bytes + 6 + strlen((const char *)bytes + 5), 120);
    case 'X': return append(name, "end", 10);
    case 'd': return append(name, "rows", 10);
    case 'c': return append(name, "end of rows", 20);
    default: name[strlen(name) + 1] = 0, name[strlen(name)] = (char)bytes[0];
  }
}

/// Where the bytes are that a call sends.
static uint64_t buffer_of(const struct effect *effect, pid_t thread, const uint64_t arguments[6]) {
  uint64_t pieces = arguments[1];
  struct msghdr message;
  if (!effect->pieces && !effect->message) return pieces;
  if (effect->message && copy_from(thread, pieces, &message, sizeof message) == sizeof message)
    pieces = (uint64_t)(uintptr_t)message.msg_iov;
  struct iovec first;
  if (copy_from(thread, pieces, &first, sizeof first) != sizeof first) return 0;
  return (uint64_t)(uintptr_t)first.iov_base;
}

static int name_write(char name[NAME_BYTES], const struct effect *effect, pid_t thread, const uint64_t arguments[6]) {
  char path[PIECE_BYTES];
  int descriptor = (int)arguments[0];
  int is_stream = descriptor == STDOUT_FILENO || descriptor == STDERR_FILENO;
  if (is_stream) return snprintf(name, NAME_BYTES, "write standard %s", descriptor == 1 ? "output" : "error") > 0;
  if (path_of(path, thread, descriptor)) {
    append(name, "write ", 10);
    append(name, path, 200);
    return 1;
  }
  char peer[NAME_BYTES];
  if (!name_peer(peer, process_of(thread), descriptor)) return 0;
  unsigned char bytes[PIECE_BYTES + 1] = {0};
  ssize_t count = copy_from(thread, buffer_of(effect, thread, arguments), bytes, PIECE_BYTES);
  snprintf(name, NAME_BYTES, "%.60s: send ", peer);
  append_message(name, bytes, count > 0 ? (size_t)count : 0, strcmp(peer, "postgres") == 0);
  if (descriptor < 0 || descriptor >= DESCRIPTORS) return 1;
  const char *what = strstr(name, ": send ") + 7;
  if (strcmp(what, "more") != 0) snprintf(sent[descriptor].name, NAME_BYTES, "%s", what);
  sent[descriptor].answered = 0;
  return 1;
}

static int name_path(char name[NAME_BYTES], const struct effect *effect, pid_t thread, const uint64_t arguments[6]) {
  char path[PIECE_BYTES + 1] = {0};
  if (copy_from(thread, arguments[effect->path], path, PIECE_BYTES) <= 0) return 0;
  append(name, effect->name, 20);
  append(name, " ", 1);
  append(name, path, 200);
  return 1;
}

static int name_connect(char name[NAME_BYTES], const struct effect *effect, pid_t thread, const uint64_t arguments[6]) {
  struct sockaddr_storage address = {0};
  size_t length = arguments[2] < sizeof address ? arguments[2] : sizeof address;
  if (copy_from(thread, arguments[1], &address, length) < 0) return 0;
  if (!name_address(name, &address, (socklen_t)length)) return 0;
  append(name, ": ", 2);
  append(name, effect->name, 20);
  return 1;
}

int name_effect(char name[NAME_BYTES], const struct effect *effect, pid_t thread, const uint64_t arguments[6]) {
  char path[PIECE_BYTES];
  name[0] = 0;
  switch (effect->kind) {
    case PATH: return name_path(name, effect, thread, arguments);
    case DESCRIPTOR:
      if (!path_of(path, thread, (int)arguments[0])) return 0;
      append(name, effect->name, 20);
      append(name, " ", 1);
      append(name, path, 200);
      return 1;
    case WRITE: return name_write(name, effect, thread, arguments);
    case CONNECT: return name_connect(name, effect, thread, arguments);
    default: return 0;
  }
}

int name_answer(char name[NAME_BYTES], pid_t thread, const uint64_t arguments[6]) {
  char peer[NAME_BYTES];
  int descriptor = (int)arguments[0];
  if (descriptor < 0 || descriptor >= DESCRIPTORS || !name_peer(peer, process_of(thread), descriptor)) return 0;
  const char *words = sent[descriptor].answered ? "more of the answer to" : "answer to";
  sent[descriptor].answered = 1;
  snprintf(name, NAME_BYTES, "%.60s: %s %.150s", peer, words, sent[descriptor].name);
  return 1;
}
