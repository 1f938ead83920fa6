#include "bundle/redact.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace bms::bundle {
namespace {

constexpr std::string_view kRemoved = "(removed)";
constexpr std::string_view kSpace = " \t\r";
/// Words that no user chose: taking them out of every file would only make it unreadable.
constexpr std::size_t kShortest = 4;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// The secret itself without the quotes and the comment that may surround it, beside the value as it stands there.
void remember(std::string_view value, std::vector<std::string>& secrets) {
  const auto add = [&secrets](std::string_view secret) {
    secret = trimmed(secret);
    if (secret.size() >= kShortest && secret != kRemoved) secrets.emplace_back(secret);
  };
  add(value);
  for (const char* comment : {" ;", "\t;", " #"}) add(value.substr(0, value.find(comment)));
  for (std::string_view part : {trimmed(value), trimmed(value.substr(0, value.find(" ;")))}) {
    if (part.size() > 2 && (part.front() == '"' || part.front() == '\'') && part.back() == part.front()) {
      add(part.substr(1, part.size() - 2));
    }
  }
}

}  // namespace

bool is_secret_key(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"token", "passw", "passphrase", "secret", "credential", "api_key", "apikey", "psk"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  // "pin" alone or as a word of its own; "pinned" and "mapping" are something else.
  for (std::size_t at = lower.find("pin"); at != std::string::npos; at = lower.find("pin", at + 1)) {
    const auto letter = [&lower](std::size_t i) { return i < lower.size() && std::isalpha(lower[i]) != 0; };
    if ((at == 0 || !letter(at - 1)) && !letter(at + 3)) return true;
  }
  return false;
}

Redacted redact_config(const std::string& text) {
  Redacted redacted;
  std::istringstream lines(text);
  bool goes_on = false;
  for (std::string line; std::getline(lines, line);) {
    const auto equals = std::min(line.find('='), line.find(':'));
    const bool secret = equals != std::string::npos && is_secret_key(std::string_view(line).substr(0, equals));
    const bool indented = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    goes_on = secret || (goes_on && indented);  // a value may go on in the next, indented line
    if (secret) {
      remember(std::string_view(line).substr(equals + 1), redacted.secrets);
      line = line.substr(0, equals + 1) + " " + std::string(kRemoved);
    } else if (goes_on) {
      remember(line, redacted.secrets);
      line = "  " + std::string(kRemoved);
    }
    redacted.text += line + "\n";
  }
  redacted.text = without(std::move(redacted.text), redacted.secrets);
  return redacted;
}

std::string without(std::string text, const std::vector<std::string>& secrets) {
  std::vector<std::string> longest_first = secrets;
  std::sort(longest_first.begin(), longest_first.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const auto& secret : longest_first) {
    for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), kRemoved);
      at += kRemoved.size();
    }
  }
  return text;
}

}  // namespace bms::bundle
