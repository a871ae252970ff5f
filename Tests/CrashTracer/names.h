// SPDX-License-Identifier: Apache-2.0
#ifndef NAMES_H
#define NAMES_H

#include "effects.h"

#include <stdint.h>
#include <sys/types.h>

#define NAME_BYTES 256

/// Calls a text, as a temporary directory's path, by another name: names are then the same in every run.
void add_alias(const char *assignment);
/// Calls what listens on a port of loopback by a name.
void add_port(const char *assignment);

/// Names what a call is about to do. Returns 0 where it does nothing to anybody else.
int name_effect(char name[NAME_BYTES], const struct effect *effect, pid_t thread, const uint64_t arguments[6]);

/// Names the bytes that a call has just brought. Returns 0 where they are no answer of a server.
int name_answer(char name[NAME_BYTES], pid_t thread, const uint64_t arguments[6]);

#endif
