// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Threads that share work which keeps a core busy: as many as there are cores, and few enough that what each holds stays
/// small in sum.
public let coreThreads = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 2), 8)
