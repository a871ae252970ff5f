// SPDX-License-Identifier: Apache-2.0
#ifndef EFFECTS_H
#define EFFECTS_H

/// What a system call is to somebody who looks from outside.
enum kind {
  /// Not listed: it may be an effect.
  UNKNOWN,
  NONE,
  /// A change of a file system; the path in argument `path`, or that of the descriptor in argument 0.
  PATH,
  DESCRIPTOR,
  /// To a descriptor, which may be a file's, a pipe's or a socket's.
  WRITE,
  CONNECT,
  /// From a descriptor: an effect only as the acknowledgement of what was sent on a connection.
  READ,
  /// Harmless with the arguments that we know of.
  MAP,
  CONTROL,
};

struct effect {
  long number;
  const char *name;
  enum kind kind;
  int path;
  /// Whether argument 1 is an array of pieces (`iovec`), or a `msghdr`, in the place of a buffer.
  int pieces, message;
};

/// What is known of a system call.
const struct effect *effect_of(long number);

/// Numbers of the calls that have no effect for anybody else.
extern const int harmless[];
extern const int harmless_count;

/// Has the kernel stop this process at every call that may have an effect. Returns 0, or -1 with errno.
int install_filter(void);

#endif
