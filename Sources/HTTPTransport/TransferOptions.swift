// SPDX-License-Identifier: Apache-2.0
internal import CCurl

/// Options of an easy handle; the first that libcurl refuses is remembered, for each of them is needed.
struct TransferOptions: ~Copyable {
  private let easy: UnsafeMutableRawPointer
  private var fault: String?

  init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

  mutating func set(_ option: CURLoption, _ value: Int) { note(option, ccurl_set_long(easy, option, value)) }
  mutating func set(_ option: CURLoption, _ value: String?) { note(option, ccurl_set_text(easy, option, value)) }
  mutating func set(_ option: CURLoption, offset: Int) {
    note(option, ccurl_set_offset(easy, option, curl_off_t(offset)))
  }
  mutating func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) {
    note(option, ccurl_set_pointer(easy, option, pointer))
  }
  mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
    note(option, ccurl_set_list(easy, option, list))
  }

  mutating func note(_ option: CURLoption, _ code: CURLcode) {
    guard code != CURLE_OK, fault == nil else { return }
    fault = "libcurl refuses option \(option.rawValue): \(String(cString: curl_easy_strerror(code)))"
  }

  consuming func finish() throws(HTTPError) {
    if let fault { throw HTTPError(.system, fault, wasSent: false) }
  }

  /// What is the same for every exchange.
  mutating func setProtocol(_ settings: HTTPSettings) {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_HTTP09_ALLOWED, 0)
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    set(CURLOPT_USERAGENT, settings.userAgent)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_TCP_KEEPIDLE, 30)
    set(CURLOPT_TCP_KEEPINTVL, 15)
    // Balancers drop connections that were idle for a minute, some of them without a word.
    set(CURLOPT_MAXAGE_CONN, 50)
  }

  mutating func setProxy(_ settings: HTTPSettings) {
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    switch settings.proxy {
    case .environment: break
    case .none: set(CURLOPT_PROXY, "")
    case .url(let url):
      set(CURLOPT_PROXY, url)
      set(CURLOPT_NOPROXY, "")
    }
  }

  mutating func setTLS(_ settings: HTTPSettings) {
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
    set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
    set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let bundle = settings.caBundle {
      setPEM(CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB, bundle)
      setPEM(CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAINFO_BLOB, bundle)
      // The machine's directory would be trusted beside the bundle, which is to replace it.
      set(CURLOPT_CAPATH, nil)
      set(CURLOPT_PROXY_CAPATH, nil)
    }
    guard let certificate = settings.clientCertificate else { return }
    setPEM(CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB, certificate)
    setPEM(CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB, settings.clientKey ?? certificate)
    // Without any, OpenSSL would ask at the terminal for an encrypted key's.
    set(CURLOPT_KEYPASSWD, settings.clientKeyPassphrase ?? "")
  }

  /// Sets a file by its path, or what would be in it by its text; the other of the two is unset, for libcurl would take
  /// the machine's authorities beside a text.
  private mutating func setPEM(_ path: CURLoption, _ text: CURLoption, _ value: String) {
    guard value.contains("-----BEGIN") else { return set(path, value) }
    set(path, nil)
    let bytes = Array(value.utf8)
    note(text, bytes.withUnsafeBytes { ccurl_set_blob(easy, text, $0.baseAddress, $0.count) })
  }

  mutating func setTimes(_ settings: HTTPSettings, total: Double?) {
    set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(settings.connectTimeout))
    if let total { set(CURLOPT_TIMEOUT_MS, Self.milliseconds(total)) }
    if let stall = settings.stall {
      set(CURLOPT_LOW_SPEED_LIMIT, max(1, stall.bytesPerSecond))
      set(CURLOPT_LOW_SPEED_TIME, max(1, stall.seconds))
    }
  }

  /// 0 would be libcurl's own default, so that there is always at least one.
  private static func milliseconds(_ seconds: Double) -> Int { Int(max(1, min(seconds, 86_400 * 7) * 1000)) }
}
