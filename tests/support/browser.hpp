#pragma once

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace bms::test {

/// One page in headless Chromium, driven over its DevTools pipe: what a person's browser makes of what we serve.
/// Unlike `--dump-dom` and `--screenshot` it does not wait for the end of a stream of events that has none.
class Browser {
 public:
  using Json = nlohmann::json;
  /// Pixels of the page; a picture has `scale` times as many.
  struct Screen {
    int width;
    int height;
    double scale = 1;
    bool phone = false;
  };

  /// The pipe is descriptors 3 (to the browser) and 4 (from it). As root there is no sandbox, and what is looked at is
  /// our own page.
  static constexpr const char* kStart = R"(exec "$0" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
      --no-first-run --disable-extensions --disable-background-networking --disable-component-update --disable-sync \
      --hide-scrollbars --force-color-profile=srgb --remote-debugging-pipe --user-data-dir="$1" about:blank \
      3<&0 4>&1 </dev/null >/dev/null 2>"$1.log")";

  /// Where Chromium is; nullopt: not installed.
  static std::optional<std::string> program() {
    const char* path = std::getenv("PATH");
    std::string folders = path == nullptr ? "/usr/bin" : path;
    for (std::size_t from = 0; from <= folders.size();) {
      const auto end = std::min(folders.find(':', from), folders.size());
      for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
        const std::string file = folders.substr(from, end - from) + "/" + name;
        if (::access(file.c_str(), X_OK) == 0) return file;
      }
      from = end + 1;
    }
    return std::nullopt;
  }

  /// `folder`: for its profile.
  Browser(const std::string& program, const std::filesystem::path& folder)
      : process_({"/bin/sh", "-c", kStart, program, (folder / "browser").string()}) {
    const auto target = call("Target.createTarget", {{"url", "about:blank"}}).at("targetId");
    session_ = call("Target.attachToTarget", {{"targetId", target}, {"flatten", true}}).at("sessionId");
    for (const char* domain : {"Page", "Runtime", "Network", "Log"}) call(std::string(domain) + ".enable");
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;
  ~Browser() {
    // All of its processes end with it; killed, it would leave some.
    session_.clear();
    process_.send(Json{{"id", ++last_}, {"method", "Browser.close"}}.dump() + '\0');
    process_.exit_code(std::chrono::seconds(10));
  }

  void show(const std::string& url, const Screen& screen, bool dark = false) {
    call("Emulation.setDeviceMetricsOverride", {{"width", screen.width},
                                                {"height", screen.height},
                                                {"deviceScaleFactor", screen.scale},
                                                {"mobile", screen.phone}});
    call("Emulation.setEmulatedMedia",
         {{"features", {{{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}}}}});
    call("Page.navigate", {{"url", url}});
  }

  /// What an expression of JavaScript gives in the page; null where it throws.
  Json evaluate(const std::string& expression) {
    const Json answer = call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
    return answer.at("result").value("value", Json());
  }
  /// Looks again until the expression is true.
  bool becomes(const std::string& expression, std::chrono::milliseconds limit = kPatience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (evaluate(expression) != true) {
      if (std::chrono::steady_clock::now() > end) return false;
      ::poll(nullptr, 0, 50);
    }
    return true;
  }

  /// PNG of what is on the screen, or of the whole page.
  std::string picture(bool whole = false) {
    return from_base64(
        call("Page.captureScreenshot", {{"format", "png"}, {"captureBeyondViewport", whole}}).at("data"));
  }

  /// Every address that was asked for, in order.
  const std::vector<std::string>& requests() {
    evaluate("0");  // what happened before its answer has been told
    return requests_;
  }
  /// Exceptions of the page and what the browser complained about.
  const std::vector<std::string>& complaints() {
    evaluate("0");
    return complaints_;
  }

 private:
  Json call(const std::string& method, const Json& parameters = Json::object()) {
    const int id = ++last_;
    Json message{{"id", id}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) message["sessionId"] = session_;
    process_.send(message.dump() + '\0');
    for (;;) {
      const Json answer = next();
      if (answer.value("id", 0) != id) {
        note(answer);
      } else if (answer.contains("error")) {
        throw std::runtime_error(method + ": " + answer["error"].dump());
      } else {
        return answer.at("result");
      }
    }
  }

  Json next() {
    const auto end = process_.wait_for(std::string(1, '\0'), read_, std::chrono::seconds(60));
    if (end == std::string::npos) throw std::runtime_error("Chromium does not answer");
    const std::string text = process_.output().substr(read_, end - read_);
    read_ = end + 1;
    return Json::parse(text);
  }

  void note(const Json& event) {
    const std::string method = event.value("method", "");
    if (method == "Network.requestWillBeSent") requests_.push_back(event["params"]["request"]["url"]);
    if (method == "Runtime.exceptionThrown" || method == "Log.entryAdded") complaints_.push_back(event.dump());
  }

  static std::string from_base64(const std::string& text) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0;
    int known = 0;
    for (const char c : text) {
      const auto digit = kDigits.find(c);
      if (digit == std::string_view::npos) break;
      bits = bits << 6U | static_cast<unsigned>(digit);
      known += 6;
      if (known < 8) continue;
      known -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned>(known) & 0xFFU);
    }
    return bytes;
  }

  Process process_;
  std::string session_;
  std::size_t read_ = 0;
  int last_ = 0;
  std::vector<std::string> requests_;
  std::vector<std::string> complaints_;
};

}  // namespace bms::test
