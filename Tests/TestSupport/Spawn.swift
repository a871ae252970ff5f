// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// Starts a program with the streams it is given, and with no signal blocked or ignored.
///
/// - Parameters:
///   - arguments: the program, by path or by a name in `PATH`, and what it is passed.
///   - isDetached: the program gets a session of its own, out of reach of a terminal's signals.
/// - Returns: its process id.
func spawn(
  _ arguments: [String], environment: [String: String], streams: [Int32], directory: String? = nil,
  isDetached: Bool = false
) throws -> Int32 {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for (target, stream) in streams.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, stream, Int32(target))
  }

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  // A test's thread may have signals blocked, which a child would inherit.
  var none = sigset_t()
  sigemptyset(&none)
  posix_spawnattr_setsigmask(&attributes, &none)
  var all = sigset_t()
  sigfillset(&all)
  posix_spawnattr_setsigdefault(&attributes, &all)
  let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (isDetached ? 0x80 : 0)  // 0x80: POSIX_SPAWN_SETSID
  posix_spawnattr_setflags(&attributes, Int16(flags))

  // env(1) changes the directory and then becomes the program: Glibc's own call for it is not imported.
  let arguments = (directory.map { ["env", "-C", $0] } ?? []) + arguments
  let argv = arguments.map { strdup($0) } + [nil]
  let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for pointer in argv + envp { free(pointer) } }
  var processID: pid_t = 0
  let code = posix_spawnp(&processID, arguments[0], &actions, &attributes, argv, envp)
  guard code == 0 else { throw TestSupportError("cannot start \(arguments[0]): \(String(cString: strerror(code)))") }
  return processID
}
