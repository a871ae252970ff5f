// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and writes down every effect that it has, by name and number, or kills it (SIGKILL) at one of them:
// before the kernel has done it, or after, when the program has not heard of it yet.
//
//   crash-tracer [-a TEXT=NAME]… [-p PORT=NAME]… -o FILE [-k MOMENT:NUMBER:NAME] PROGRAM ARGUMENT…
//
// FILE gets a line for each point that was passed, `before 1 fsync archive`, and `killed` where it was that one.
// Exit status: the program's own; 137 where it was killed; 70 where a call is neither known as an effect nor as none.
#define _GNU_SOURCE
#include "effects.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define THREADS 512
#define NAMES 8192

struct point { char name[NAME_BYTES]; unsigned number; };
/// A thread, and the effect that it is in.
static struct thread { pid_t id; const struct effect *effect; uint64_t arguments[6]; struct point point; } threads[THREADS];
static struct point counted[NAMES];
static int count;
static struct { const char *moment; struct point point; } target;
static FILE *output;
static pid_t program;
static int is_killed;

static _Noreturn void fail(const char *words, long number) {
  fprintf(stderr, "crash-tracer: %s %ld\n", words, number);
  if (program > 0) kill(program, SIGKILL);
  exit(70);
}

static struct thread *thread_of(pid_t id) {
  struct thread *vacant = NULL;
  for (int i = 0; i < THREADS; i++) {
    if (threads[i].id == id) return &threads[i];
    if (!threads[i].id && !vacant) vacant = &threads[i];
  }
  if (!vacant) fail("too many threads:", THREADS);
  return vacant;
}

static struct point *counter(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(counted[i].name, name) == 0) return &counted[i];
  if (count == NAMES) fail("too many names:", NAMES);
  snprintf(counted[count].name, NAME_BYTES, "%s", name);
  return &counted[count++];
}

static void kill_at(const char *moment, const struct point *point) {
  if (is_killed || !target.moment || strcmp(target.moment, moment) != 0) return;
  if (target.point.number != point->number || strcmp(target.point.name, point->name) != 0) return;
  is_killed = 1;
  // Those that it has started, too: none of them does anything more.
  for (int i = 0; i < THREADS; i++)
    if (threads[i].id) kill(threads[i].id, SIGKILL);
  fprintf(output, "killed\n");
}

static void note(const char *moment, const struct point *point) {
  if (!is_killed) fprintf(output, "%s %u %s\n", moment, point->number, point->name);
  kill_at(moment, point);
}

static int is_harmless_control(long call, uint64_t request) {
  switch (request) {
    case TCGETS: case TIOCGWINSZ: case FIONBIO: case FIONREAD: case FIOCLEX: return call == SYS_ioctl;
    case F_DUPFD: case F_DUPFD_CLOEXEC: case F_GETFD: case F_SETFD: case F_GETFL: case F_SETFL: return call == SYS_fcntl;
    default: return 0;
  }
}

/// A thread is about to make a call. Returns whether its end is to be seen, too.
static int enter(pid_t id) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, id, sizeof info, &info) <= 0) return 0;
  struct thread *thread = thread_of(id);
  thread->effect = effect_of((long)info.seccomp.nr);
  if (!thread->effect) fail("this is neither known as an effect nor as none: system call", (long)info.seccomp.nr);
  memcpy(thread->arguments, info.seccomp.args, sizeof thread->arguments);
  thread->point.name[0] = 0;
  switch (thread->effect->kind) {
    case NONE: return 0;
    case READ: return 1;
    case MAP:
      if ((info.seccomp.args[2] & PROT_WRITE) && !(info.seccomp.args[3] & MAP_ANONYMOUS))
        fail("a file is mapped to be written to, system call", (long)info.seccomp.nr);
      return 0;
    case CONTROL:
      if (is_harmless_control(thread->effect->number, info.seccomp.args[1])) return 0;
      fail("this is neither known as an effect nor as none: ioctl or fcntl", (long)info.seccomp.args[1]);
    default:
      if (!name_effect(thread->point.name, thread->effect, id, thread->arguments)) return 0;
      thread->point.number = ++counter(thread->point.name)->number;
      kill_at("before", &thread->point);
      return 1;
  }
}

/// A thread's call is over, and it does not know so yet.
static void leave(pid_t id) {
  struct __ptrace_syscall_info info;
  struct thread *thread = thread_of(id);
  if (ptrace(PTRACE_GET_SYSCALL_INFO, id, sizeof info, &info) <= 0 || !thread->effect) return;
  long result = (long)info.exit.rval;
  if (thread->effect->kind == READ) {
    if (result <= 0 || !name_answer(thread->point.name, id, thread->arguments)) return;
    thread->point.number = ++counter(thread->point.name)->number;
    return note("after", &thread->point);
  }
  int is_done = result >= 0 || (thread->effect->kind == CONNECT && result == -EINPROGRESS);
  struct point *counted = counter(thread->point.name);
  // What failed was no effect: the next attempt has its number.
  if (!is_done) { counted->number -= counted->number == thread->point.number; return; }
  if (!is_killed) fprintf(output, "before %u %s\n", thread->point.number, thread->point.name);
  note("after", &thread->point);
}

/// Follows the program to its end. Returns its status as wait(2) gives it.
static int follow(void) {
  int result = 0, status;
  pid_t id;
  while ((id = waitpid(-1, &status, __WALL)) > 0) {
    struct thread *thread = thread_of(id);
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (id == program) result = status;
      thread->id = 0;
      continue;
    }
    int is_new = thread->id == 0, stop = WSTOPSIG(status), event = status >> 16;
    if (is_new) *thread = (struct thread){.id = id};
    int goes_on = PTRACE_CONT, signal = 0;
    if (event == PTRACE_EVENT_SECCOMP) goes_on = enter(id) ? PTRACE_SYSCALL : PTRACE_CONT;
    else if (stop == (SIGTRAP | 0x80)) leave(id);
    else if (event == 0 && !(is_new && stop == SIGSTOP)) signal = stop;
    ptrace(goes_on, id, 0, signal);
  }
  return result;
}

static void start(char **words) {
  program = fork();
  if (program < 0) fail("fork: errno", errno);
  if (program == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    if (install_filter() != 0) _exit(70);
    execvp(words[0], words);
    _exit(127);
  }
  int status;
  if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) fail("ptrace: errno", errno);
  long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SETOPTIONS, program, 0, options) != 0) fail("ptrace: errno", errno);
  *thread_of(program) = (struct thread){.id = program};
  ptrace(PTRACE_CONT, program, 0, 0);
}

static void read_target(char *text) {
  char *number = strchr(text, ':'), *name = number ? strchr(number + 1, ':') : NULL;
  if (!name) exit(64);
  *number = *name = 0;
  target.moment = text;
  target.point.number = (unsigned)strtoul(number + 1, NULL, 10);
  snprintf(target.point.name, NAME_BYTES, "%s", name + 1);
}

int main(int argc, char **argv) {
  int option;
  while ((option = getopt(argc, argv, "+a:p:o:k:")) != -1) {
    switch (option) {
      case 'a': add_alias(optarg); break;
      case 'p': add_port(optarg); break;
      case 'o': output = fopen(optarg, "we"); break;
      case 'k': read_target(optarg); break;
      default: return 64;
    }
  }
  if (!output || optind == argc) return 64;
  start(argv + optind);
  int status = follow();
  fclose(output);
  if (is_killed) return 137;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
