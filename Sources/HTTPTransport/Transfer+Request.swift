// SPDX-License-Identifier: Apache-2.0
internal import CCurl

extension Transfer {
  /// libcurl's list of header lines; a line that ends in a colon takes away one that libcurl would add.
  func makeHeaderList(_ headers: [HTTPHeader]) throws(HTTPError) -> UnsafeMutablePointer<curl_slist>? {
    // An empty value is spelled with a semicolon.
    var lines = headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    func has(_ name: String) -> Bool { headers.contains { isSameName($0.name, name) } }
    if !has("accept") { lines.append("Accept:") }
    // Where it is left in place libcurl adds one, and takes it away again for a server that cannot meet it.
    if !has("expect") && !expectsContinue { lines.append("Expect:") }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        throw HTTPError(.system, "out of memory", wasSent: false)
      }
      list = longer
    }
    return list
  }

  /// Sets all of an easy handle that was reset.
  func configure(
    _ easy: UnsafeMutableRawPointer, _ request: HTTPRequest, _ settings: HTTPSettings,
    _ headers: UnsafeMutablePointer<curl_slist>?
  ) throws(HTTPError) {
    var options = TransferOptions(easy)
    options.set(CURLOPT_URL, request.url)
    options.setProtocol(settings)
    options.setProxy(settings)
    options.setTLS(settings)
    options.setTimes(settings, total: request.timeout ?? settings.totalTimeout)
    options.set(CURLOPT_HTTPHEADER, list: headers)
    options.set(CURLOPT_BUFFERSIZE, 128 << 10)
    if !request.isRepeatable { options.set(CURLOPT_FRESH_CONNECT, 1) }
    setMethod(&options)
    setCallbacks(easy, &options)
    try options.finish()
  }

  private func setMethod(_ options: inout TransferOptions) {
    // libcurl's own POST would bring a content type with it, so that every body goes the way of PUT.
    let wantsLength = body.count > 0 || ["PUT", "POST", "PATCH"].contains(method)
    if method == "HEAD" {
      options.set(CURLOPT_NOBODY, 1)
    } else if wantsLength {
      options.set(CURLOPT_UPLOAD, 1)
      options.set(CURLOPT_INFILESIZE_LARGE, offset: body.count)
      options.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1000)
      // Up to libcurl's most, which takes a fifth off the CPU time of a large body against the default of 64 KiB.
      options.set(CURLOPT_UPLOAD_BUFFERSIZE, min(max(body.count, 64 << 10), 2 << 20))
      options.set(CURLOPT_CUSTOMREQUEST, method)
    } else {
      options.set(CURLOPT_HTTPGET, 1)
      options.set(CURLOPT_CUSTOMREQUEST, method)
    }
  }
}
