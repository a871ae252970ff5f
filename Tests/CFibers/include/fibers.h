// SPDX-License-Identifier: Apache-2.0
#ifndef FIBERS_H
#define FIBERS_H
#include <stddef.h>

/// A flow of control with a stack of its own, which runs when it is switched to.
typedef struct cfiber cfiber;

/// The calling thread's own flow.
cfiber *cfiber_thread(void);
/// A new flow; `body` must switch away at its end and is never switched to again.
cfiber *cfiber_make(size_t stack, void (*body)(void *), void *argument);
void cfiber_switch(cfiber *from, cfiber *to);
void cfiber_free(cfiber *fiber);
#endif
