// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import CCurl

/// One exchange, run on the thread that calls it, as far as its caller wants.
final class Transfer {
  /// Where the response's body goes.
  enum Sink {
    case nowhere
    case closure((HTTPResponse, UnsafeRawBufferPointer) throws -> Void)
    /// Into ``spill``, until it holds so many bytes.
    case spill(Int)
  }

  var sink = Sink.nowhere
  var spill = ByteBuffer(capacity: 0)
  var head = ResponseHead()
  let body: RequestBody
  let method: String
  /// Whether the exchange is through, with or without success.
  private(set) var isOver = false
  /// Why an exchange that is over gave no whole response.
  private(set) var failure: HTTPError?
  /// Whether a request began to be sent; it is so for good, even where libcurl begins once more.
  var wasSent = false
  var isPaused = false
  private var isRepeated = false
  /// What the receiver threw.
  var receiverError: (any Error)?
  var headFault: ResponseHead.Fault?

  let endpoint: String
  let errorText: UnsafeMutablePointer<CChar>
  let expectsContinue: Bool
  private let pool: ChannelPool
  private var channel: Channel?
  private var headerList: UnsafeMutablePointer<curl_slist>?

  /// Prepares an exchange; nothing is sent yet.
  init(_ request: HTTPRequest, _ settings: HTTPSettings, _ pool: ChannelPool) throws(HTTPError) {
    endpoint = try RequestCheck(request).endpoint
    body = try RequestBody(request.body, onSent: request.onSent)
    method = request.method
    expectsContinue = body.count > 0 && body.count >= settings.expectContinueBytes
    self.pool = pool
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    // From here on self is complete, and deinit frees what follows, whatever throws.
    headerList = try makeHeaderList(request.headers)
    let channel = try pool.take(for: endpoint)
    self.channel = channel
    channel.endpoint = endpoint
    try configure(channel.easy, request, settings, headerList)
    guard curl_multi_add_handle(channel.multi, channel.easy) == CURLM_OK else {
      throw HTTPError(.system, "libcurl takes no exchange", wasSent: false)
    }
  }

  deinit {
    end()
    curl_slist_free_all(headerList)
    errorText.deallocate()
  }

  /// Gives the channel back; an exchange that is not over is broken off, and its connection with it.
  func end() {
    guard let channel else { return }
    self.channel = nil
    if !isOver { fail(.cancelled, "broken off") }
    // A name server that does not answer must not keep a cancelled run waiting.
    if pool.isCancelled { ccurl_set_long(channel.easy, CURLOPT_QUICK_EXIT, 1) }
    curl_multi_remove_handle(channel.multi, channel.easy)
    // A handle whose exchange failed may keep what libcurl then refuses to set anew, as a buffer of no connection.
    if failure != nil { return pool.discard(channel) }
    curl_easy_reset(channel.easy)
    pool.giveBack(channel)
  }

  /// Goes on until the exchange is over, which may leave a ``failure``, or until `isEnough` says so.
  func run(until isEnough: () -> Bool = { false }) {
    while let channel, !isOver, !isEnough() {
      if pool.isCancelled {
        fail(.cancelled, "cancelled")
        break
      }
      resume(channel.easy)
      var running: Int32 = 0
      check(curl_multi_perform(channel.multi, &running))
      if running == 0 {
        finish(channel)
      } else if !isEnough() {
        check(curl_multi_poll(channel.multi, nil, 0, 1000, nil))
      }
    }
    // Its connection is free for the next call, even while the last of the body waits here.
    if isOver { end() }
  }

  private func resume(_ easy: UnsafeMutableRawPointer) {
    guard isPaused else { return }
    isPaused = false
    // Hands over at once what was held back, which may pause it again.
    curl_easy_pause(easy, CURLPAUSE_RECV_CONT)
  }

  private func finish(_ channel: Channel) {
    var left: Int32 = 0
    guard let message = curl_multi_info_read(channel.multi, &left), message.pointee.msg == CURLMSG_DONE else {
      return fail(.system, "libcurl tells no end")
    }
    let code = message.pointee.data.result
    if code == CURLE_SEND_ERROR && sendAgain(channel) { return }
    if code != CURLE_OK || headFault != nil {
      failure = failure ?? error(code, channel.easy)
    } else if head.response == nil {
      fail(.invalidResponse, "the response has no head")
    }
    isOver = true
  }

  /// Begins once more, on a fresh connection, where a kept one turned out dead while the body was being sent: libcurl
  /// itself does so only where it notices before or after that.
  ///
  /// - Returns: false where the connection was a new one, or an answer had begun.
  private func sendAgain(_ channel: Channel) -> Bool {
    var connects = 0
    guard !isRepeated, !head.hasBegun, ccurl_get_long(channel.easy, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK,
      connects == 0, body.seek(to: 0)
    else { return false }
    isRepeated = true
    curl_multi_remove_handle(channel.multi, channel.easy)
    ccurl_set_long(channel.easy, CURLOPT_FRESH_CONNECT, 1)
    errorText.pointee = 0
    return curl_multi_add_handle(channel.multi, channel.easy) == CURLM_OK
  }

  private func check(_ code: CURLMcode) {
    if code != CURLM_OK { fail(.system, String(cString: curl_multi_strerror(code))) }
  }

  private func fail(_ kind: HTTPError.Kind, _ words: String) {
    failure = failure ?? HTTPError(kind, "\(endpoint): \(words)", wasSent: wasSent)
    isOver = true
  }
}
