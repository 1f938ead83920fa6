#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bms {

/// Keeps what must survive a restart in two files that are written in turn.
///
/// Each file carries a sequence number and a CRC-32. A file torn by a power cut is recognised and the other one, at
/// least one save older and long on the flash, is taken instead. So no save has to wait for the flash (`fsync` would
/// stop the event loop for as long as a worn SD card likes), and none can damage what was there before.
class Store {
 public:
  /// `folder` is made when it is missing; `name` is the stem of the two files.
  Store(std::filesystem::path folder, std::string name);

  struct Loaded {
    std::optional<nlohmann::json> content;  ///< nullopt: nothing usable was found
    std::vector<std::string> notes;         ///< sentences for the log: what was damaged and where it was put
  };
  /// The newest intact content. Damaged files are set aside as `*.damaged` and reported.
  Loaded load();

  /// Writes `content` into the older file. An empty text, or why it could not be written (the daemon goes on).
  /// `durable` waits until it is on the flash: only on the way out.
  std::string save(const nlohmann::json& content, bool durable = false);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  struct Slot {
    std::filesystem::path path;
    std::uint64_t sequence = 0;
  };
  std::optional<nlohmann::json> read(Slot& slot, std::vector<std::string>& notes) const;

  std::filesystem::path folder_;
  Slot slots_[2];
};

}  // namespace bms
