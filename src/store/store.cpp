#include "store/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "store/record.hpp"

namespace bms {
namespace {

constexpr std::uintmax_t kLargestFile = 4'194'304;  // bytes

std::string write_file(const std::filesystem::path& path, const std::string& text, bool durable) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fmt::format("{}: {}", path.string(), std::strerror(errno));
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      std::string reason = fmt::format("{}: {}", path.string(), std::strerror(errno));
      ::close(fd);
      return reason;
    }
    done += static_cast<std::size_t>(written);
  }
  if (durable) ::fsync(fd);
  ::close(fd);
  return {};
}

}  // namespace

Store::Store(std::filesystem::path folder, std::string name) : folder_(std::move(folder)) {
  slots_[0].path = folder_ / (name + "-a");
  slots_[1].path = folder_ / (name + "-b");
}

std::optional<nlohmann::json> Store::read(Slot& slot, std::vector<std::string>& notes) const {
  std::error_code error;
  slot.sequence = 0;
  if (!std::filesystem::exists(slot.path, error)) return std::nullopt;
  std::string wrong;
  if (!std::filesystem::is_regular_file(slot.path, error) ||
      std::filesystem::file_size(slot.path, error) > kLargestFile) {
    wrong = "not a state file";
  } else {
    std::ifstream file(slot.path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    store::Record parsed = store::decode(text.str());
    wrong = parsed.wrong;
    if (wrong.empty()) {
      auto content = nlohmann::json::parse(parsed.body, nullptr, false);
      if (!content.is_discarded()) {
        slot.sequence = parsed.sequence;
        return content;
      }
      wrong = "not JSON";
    }
  }
  auto aside = slot.path;
  aside += ".damaged";
  std::filesystem::remove_all(aside, error);
  std::filesystem::rename(slot.path, aside, error);
  notes.push_back(fmt::format("{}: {}; set aside as {}", slot.path.string(), wrong, aside.filename().string()));
  return std::nullopt;
}

Store::Loaded Store::load() {
  Loaded loaded;
  auto first = read(slots_[0], loaded.notes);
  auto second = read(slots_[1], loaded.notes);
  loaded.content = slots_[0].sequence >= slots_[1].sequence ? std::move(first) : std::move(second);
  return loaded;
}

std::string Store::save(const nlohmann::json& content, bool durable) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  Slot& older = slots_[0].sequence <= slots_[1].sequence ? slots_[0] : slots_[1];
  const std::uint64_t sequence = std::max(slots_[0].sequence, slots_[1].sequence) + 1;
  // Numbers that are no numbers cannot get in here: the engine's state has none, and JSON would refuse to parse them.
  const std::string body = content.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string problem = write_file(older.path, store::encode(body, sequence), durable);
  if (problem.empty()) older.sequence = sequence;
  return problem;
}

}  // namespace bms
