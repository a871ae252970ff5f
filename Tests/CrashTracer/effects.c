// SPDX-License-Identifier: Apache-2.0
//
// Which system calls are effects. What is in neither list stops the recording: a new kind of effect cannot be overlooked.
#include "effects.h"

#include <stddef.h>
#include <sys/syscall.h>

static const struct effect effects[] = {
    {SYS_openat, "create", PATH, 1, 0, 0},
    {SYS_mkdirat, "mkdir", PATH, 1, 0, 0},
    {SYS_unlinkat, "unlink", PATH, 1, 0, 0},
    {SYS_linkat, "link", PATH, 3, 0, 0},
    {SYS_symlinkat, "symlink", PATH, 2, 0, 0},
    {SYS_renameat2, "rename", PATH, 3, 0, 0},
    {SYS_fchmodat, "chmod", PATH, 1, 0, 0},
    {SYS_fchownat, "chown", PATH, 1, 0, 0},
    {SYS_mknodat, "mknod", PATH, 1, 0, 0},
    {SYS_utimensat, "touch", PATH, 1, 0, 0},
    {SYS_truncate, "truncate", PATH, 0, 0, 0},
#ifdef SYS_renameat
    {SYS_renameat, "rename", PATH, 3, 0, 0},
#endif
#ifdef SYS_open
    {SYS_open, "create", PATH, 0, 0, 0},
    {SYS_creat, "create", PATH, 0, 0, 0},
    {SYS_mkdir, "mkdir", PATH, 0, 0, 0},
    {SYS_rmdir, "rmdir", PATH, 0, 0, 0},
    {SYS_unlink, "unlink", PATH, 0, 0, 0},
    {SYS_link, "link", PATH, 1, 0, 0},
    {SYS_symlink, "symlink", PATH, 1, 0, 0},
    {SYS_rename, "rename", PATH, 1, 0, 0},
    {SYS_chmod, "chmod", PATH, 0, 0, 0},
    {SYS_chown, "chown", PATH, 0, 0, 0},
    {SYS_mknod, "mknod", PATH, 0, 0, 0},
#endif
    {SYS_fchmod, "chmod", DESCRIPTOR, 0, 0, 0},
    {SYS_fchown, "chown", DESCRIPTOR, 0, 0, 0},
    {SYS_ftruncate, "truncate", DESCRIPTOR, 0, 0, 0},
    {SYS_fallocate, "allocate", DESCRIPTOR, 0, 0, 0},
    {SYS_fsync, "fsync", DESCRIPTOR, 0, 0, 0},
    {SYS_fdatasync, "fsync", DESCRIPTOR, 0, 0, 0},
    {SYS_flock, "lock", DESCRIPTOR, 0, 0, 0},
    {SYS_copy_file_range, "copy", DESCRIPTOR, 0, 0, 0},
    {SYS_write, "write", WRITE, 0, 0, 0},
    {SYS_pwrite64, "write", WRITE, 0, 0, 0},
    {SYS_writev, "write", WRITE, 0, 1, 0},
    {SYS_pwritev, "write", WRITE, 0, 1, 0},
    {SYS_sendto, "write", WRITE, 0, 0, 0},
    {SYS_sendmsg, "write", WRITE, 0, 0, 1},
    {SYS_shutdown, "shutdown", DESCRIPTOR, 0, 0, 0},
    {SYS_connect, "connect", CONNECT, 0, 0, 0},
    {SYS_read, "read", READ, 0, 0, 0},
    {SYS_readv, "read", READ, 0, 0, 0},
    {SYS_recvfrom, "read", READ, 0, 0, 0},
    {SYS_recvmsg, "read", READ, 0, 0, 0},
    {SYS_mmap, "map", MAP, 0, 0, 0},
    {SYS_bind, "bind", CONNECT, 0, 0, 0},
    {SYS_ioctl, "ioctl", CONTROL, 0, 0, 0},
    {SYS_fcntl, "fcntl", CONTROL, 0, 0, 0},
};

const int harmless[] = {
    SYS_brk, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_mincore, SYS_close, SYS_lseek, SYS_pread64,
    SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_faccessat, SYS_readlinkat, SYS_getdents64,
    SYS_getcwd, SYS_fadvise64, SYS_readahead, SYS_dup, SYS_dup3, SYS_pipe2, SYS_eventfd2, SYS_epoll_create1,
    SYS_epoll_ctl, SYS_epoll_pwait, SYS_timerfd_create, SYS_timerfd_settime, SYS_signalfd4, SYS_ppoll, SYS_pselect6,
    SYS_socket, SYS_socketpair, SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername,
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_membarrier, SYS_clone, SYS_clone3, SYS_execve,
    SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill, SYS_tgkill, SYS_set_tid_address, SYS_gettid, SYS_getpid,
    SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_setpgid, SYS_umask, SYS_prctl, SYS_prlimit64,
    SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_times, SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity,
    SYS_sched_getparam, SYS_sched_getscheduler, SYS_setpriority, SYS_getpriority, SYS_getrandom, SYS_clock_gettime,
    SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_rt_sigsuspend, SYS_sigaltstack, SYS_restart_syscall,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef __x86_64__
    SYS_access, SYS_readlink, SYS_stat, SYS_lstat, SYS_poll, SYS_select, SYS_epoll_wait, SYS_dup2, SYS_pipe, SYS_getpgrp,
    SYS_arch_prctl, SYS_fork, SYS_vfork, SYS_getdents, SYS_time,
#endif
};
const int harmless_count = sizeof harmless / sizeof *harmless;

const struct effect *effect_of(long number) {
  static const struct effect none = {0, "", NONE, 0, 0, 0};
  for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
    if (effects[i].number == number) return &effects[i];
  for (int i = 0; i < harmless_count; i++)
    if (harmless[i] == number) return &none;
  return NULL;
}
