// SPDX-License-Identifier: Apache-2.0
internal import CCurl

/// What one exchange at a time runs on: an easy handle, and the multi handle that keeps its connections.
///
/// Connections are not shared between channels: libcurl's manual calls that unsafe between threads
/// (CURL_LOCK_DATA_CONNECT). A free channel is handed to the next call instead, on whatever thread that is.
// libcurl(3), "Thread safety": a handle may be used by any thread, by one at a time. The pool sees to that; the one
// exception is `wake()`, which curl_multi_wakeup(3) allows from every thread.
final class Channel: @unchecked Sendable {
  let easy: UnsafeMutableRawPointer
  let multi: UnsafeMutableRawPointer
  /// Where the last exchange went, and so where a connection may be open to.
  var endpoint = ""

  /// libcurl's state of the whole process, made once; it stays until the process ends.
  private static let initialised = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

  init() throws(HTTPError) {
    guard Self.initialised else { throw HTTPError(.system, "libcurl does not start", wasSent: false) }
    guard let easy = curl_easy_init() else { throw HTTPError(.system, "out of memory", wasSent: false) }
    guard let multi = curl_multi_init() else {
      curl_easy_cleanup(easy)  // self is not complete yet: deinit will not run
      throw HTTPError(.system, "out of memory", wasSent: false)
    }
    self.easy = easy
    self.multi = multi
    ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 4)
    ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_multi_cleanup(multi)
  }

  /// Ends the wait of whoever runs an exchange on this channel. Any thread may call it.
  func wake() { curl_multi_wakeup(multi) }
}
