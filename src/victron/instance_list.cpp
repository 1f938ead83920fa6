#include "victron/instance_list.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

namespace bms::victron {
namespace {

constexpr std::int32_t kMaxInstance = 65535;

}  // namespace

InstanceList::InstanceList(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
  std::ifstream stream(file_);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    Entry entry;
    std::string id;
    if (!(words >> entry.instance >> id) || entry.instance < 0 || entry.instance > kMaxInstance) continue;
    std::getline(words >> std::ws, entry.custom_name);
    entries_.insert_or_assign(id, entry);
  }
}

const InstanceList::Entry* InstanceList::find(std::string_view id) const {
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? nullptr : &entry->second;
}

const InstanceList::Entry& InstanceList::reserve(std::string_view id) {
  if (find(id) == nullptr) {
    const auto taken = [&](std::int32_t instance) {
      return std::any_of(entries_.begin(), entries_.end(),
                         [&](const auto& entry) { return entry.second.instance == instance; });
    };
    Entry entry{.instance = 1, .custom_name = {}};
    while (taken(entry.instance)) ++entry.instance;
    set(id, entry);
  }
  return *find(id);
}

void InstanceList::set(std::string_view id, const Entry& entry) {
  const Entry* known = find(id);
  if (known != nullptr && *known == entry) return;
  entries_.insert_or_assign(std::string(id), entry);
  save();
}

void InstanceList::save() const {
  if (file_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(file_.parent_path(), error);
  auto fresh = file_;
  fresh += ".new";
  {
    std::ofstream stream(fresh, std::ios::trunc);
    for (const auto& [id, entry] : entries_) stream << entry.instance << ' ' << id << ' ' << entry.custom_name << '\n';
    stream.flush();
    if (!stream) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) std::filesystem::rename(fresh, file_, error);
  if (error)
    spdlog::warn("cannot write {}: {}; instances may change at the next start", file_.string(), error.message());
}

}  // namespace bms::victron
