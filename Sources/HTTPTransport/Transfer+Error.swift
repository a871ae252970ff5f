// SPDX-License-Identifier: Apache-2.0
internal import CCurl

extension Transfer {
  /// What libcurl's code means here.
  func error(_ code: CURLcode, _ easy: UnsafeMutableRawPointer) -> HTTPError {
    if let fault = body.fault { return HTTPError(.bodyUnreadable, fault, wasSent: wasSent) }
    let words = words(code)
    let kind = kind(code, words, easy)
    // What could not be read as a URL may have anything where the server's name would be.
    if kind == .badURL { return HTTPError(.badURL, "the URL is none that libcurl takes", wasSent: false) }
    return HTTPError(kind, "\(endpoint): \(text(words))", wasSent: wasSent)
  }

  /// libcurl's own words, on one line.
  private func words(_ code: CURLcode) -> String {
    let detailed = String(cString: errorText)
    let words = detailed.isEmpty ? String(cString: curl_easy_strerror(code)) : detailed
    return words.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  private func text(_ words: String) -> String {
    // It quotes the proxy's URL, which may hold a password.
    if words.hasPrefix("Unsupported proxy") { return "the proxy's URL is none that libcurl takes" }
    switch headFault {
    case .tooLarge: return "the response's head is too large"
    case .invalid: return "the response's head is none"
    case nil: return words
    }
  }

  private func kind(_ code: CURLcode, _ words: String, _ easy: UnsafeMutableRawPointer) -> HTTPError.Kind {
    if let headFault { return headFault == .tooLarge ? .tooLarge : .invalidResponse }
    if !wasSent && (refusedByProxy(easy) || words.hasPrefix("Unsupported proxy")) { return .proxy }
    // With TLS 1.3 a server refuses our certificate only after the handshake.
    let isAlert = words.contains(" alert ")
    switch code {
    case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: return .badURL
    case CURLE_UNSUPPORTED_PROTOCOL: return wasSent ? .invalidResponse : .badURL
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxy
    case CURLE_COULDNT_RESOLVE_HOST: return .resolve
    case CURLE_COULDNT_CONNECT: return .connect
    case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE: return .badCertificateFile
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_CLIENTCERT,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
      return .tls
    case CURLE_OPERATION_TIMEDOUT: return words.hasPrefix("Operation too slow") ? .stalled : .timeout
    case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND: return isAlert ? .tls : .sendFailed
    case CURLE_RECV_ERROR, CURLE_GOT_NOTHING: return isAlert ? .tls : wasSent ? .receiveFailed : .connect
    case CURLE_PARTIAL_FILE: return .truncated
    case CURLE_WEIRD_SERVER_REPLY: return .invalidResponse
    // libcurl's own bound of one header line comes out as this.
    case CURLE_OUT_OF_MEMORY: return wasSent && head.response == nil ? .tooLarge : .system
    default: return .system
    }
  }

  /// Whether a proxy's answer to CONNECT was a refusal.
  private func refusedByProxy(_ easy: UnsafeMutableRawPointer) -> Bool {
    var status = 0
    return ccurl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK && status >= 300
  }
}
