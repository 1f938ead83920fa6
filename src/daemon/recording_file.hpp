#pragma once

#include <optional>

#include "recorder/recorder.hpp"

namespace bms::daemon {

/// What was recorded as a file in memory whose descriptor is handed to readers. It is sealed: no reader can change it,
/// and a slow one costs nothing but the memory. It is made anew at most every 10 s, however many ask.
class RecordingFile {
 public:
  explicit RecordingFile(const recorder::Recorder& recorder) : recorder_(recorder) {}
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;
  ~RecordingFile() { close(); }

  /// The descriptor, which stays ours; -1: no memory.
  int descriptor(TimePoint now);
  /// Lets it go when it is old; called now and then.
  void tick(TimePoint now);

 private:
  void close();

  const recorder::Recorder& recorder_;
  int descriptor_ = -1;
  TimePoint made_{};
};

}  // namespace bms::daemon
