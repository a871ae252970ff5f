// SPDX-License-Identifier: Apache-2.0
#include "include/fibers.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

struct cfiber {
  ucontext_t context;
  void *stack;
  size_t size;
  void (*body)(void *);
  void *argument;
};

static void enter(unsigned high, unsigned low) {
  cfiber *fiber = (cfiber *)((uintptr_t)high << 32 | low);
  fiber->body(fiber->argument);
  abort();
}

cfiber *cfiber_thread(void) { return calloc(1, sizeof(cfiber)); }

cfiber *cfiber_make(size_t stack, void (*body)(void *), void *argument) {
  cfiber *fiber = cfiber_thread();
  fiber->size = stack;
  fiber->stack = mmap(NULL, stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fiber->stack == MAP_FAILED) abort();
  mprotect(fiber->stack, 4096, PROT_NONE);
  fiber->body = body;
  fiber->argument = argument;
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = stack;
  fiber->context.uc_link = NULL;
  uintptr_t self = (uintptr_t)fiber;
  makecontext(&fiber->context, (void (*)(void))enter, 2, (unsigned)(self >> 32), (unsigned)self);
  return fiber;
}

void cfiber_switch(cfiber *from, cfiber *to) { swapcontext(&from->context, &to->context); }

void cfiber_free(cfiber *fiber) {
  if (fiber->stack) munmap(fiber->stack, fiber->size);
  free(fiber);
}
