// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an answer that cannot be used, as the end of "was answered with …".
struct AnswerFault: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
