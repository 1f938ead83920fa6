#include "capture/replay.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <sstream>

#include "bank/plausibility.hpp"
#include "reading/json.hpp"

namespace bms {
namespace {

/// Whom a recording asks, in ascending order.
std::set<unsigned> asked_in(const Capture& capture, const Driver& driver) {
  std::set<unsigned> all;
  for (const CaptureLine& line : capture.lines) {
    if (!line.to_battery) continue;
    if (const auto asked = driver.asked(line.bytes)) all.insert(*asked);
  }
  return all;
}

/// A driver for each battery of a line.
using Batteries = std::map<unsigned, std::unique_ptr<Driver>>;

class Replay {
 public:
  Replay(const Capture& capture, Driver& driver, std::ostream& out, std::ostream& err, std::optional<unsigned> address)
      : capture_(capture), driver_(&driver), out_(out), err_(err), address_(address) {}
  /// What a request asks goes to the battery it asks; what does not tell whom goes to the one that was asked before.
  Replay(const Capture& capture, Batteries batteries, std::ostream& out, std::ostream& err)
      : capture_(capture),
        batteries_(std::move(batteries)),
        driver_(batteries_.begin()->second.get()),
        out_(out),
        err_(err) {}

  Replayed run() {
    for (const CaptureLine& line : capture_.lines) {
      if (line.seconds) seconds_ = *line.seconds;
      if (line.to_battery) {
        finish_exchange();
        begin_exchange(line);
      } else if (!skipped_) {
        pieces_.push_back({consumed_ + buffer_.size(), line.line});
        append(buffer_, line.bytes);
        search();
      }
    }
    finish_exchange();
    if (batteries_.empty()) print_partial();
    for (const auto& [address, driver] : batteries_) {
      driver_ = driver.get();
      now_ = address;
      print_partial();
    }
    tell_others();
    return result_;
  }

 private:
  /// Where in the stream of one exchange a line of the file begins.
  struct Piece {
    std::size_t begin;
    std::size_t line;
  };

  void begin_exchange(const CaptureLine& request) {
    request_ = request.bytes;
    request_line_ = request.line;
    buffer_.clear();
    pieces_.clear();
    consumed_ = 0;
    noise_ = 0;
    const auto asked = driver_->asked(request.bytes);
    if (const auto battery = asked ? batteries_.find(*asked) : batteries_.end(); battery != batteries_.end()) {
      now_ = *asked;
      driver_ = battery->second.get();
    }
    skipped_ = address_ && asked && *asked != *address_;
    if (skipped_) others_.insert(*asked);
    any_own_ = any_own_ || !skipped_;
    told_ = skipped_;
  }

  /// The line of the first byte not yet used.
  [[nodiscard]] std::size_t line() const {
    const auto behind =
        std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& p) { return p.begin > consumed_; });
    return behind == pieces_.begin() ? request_line_ : std::prev(behind)->line;
  }

  void tell(std::size_t line, Fault fault, std::string_view words) {
    err_ << fmt::format("{}:{}: {}: {}\n", capture_.file, line, to_string(fault), words);
    told_ = true;
  }

  void use(std::size_t size) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
    consumed_ += size;
    const auto behind =
        std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& p) { return p.begin > consumed_; });
    if (behind != pieces_.begin()) pieces_.erase(pieces_.begin(), std::prev(behind));
  }

  void search() {
    while (!buffer_.empty()) {
      const Scan scan = driver_->scan(question(buffer_), buffer_);
      if (scan.kind == Scan::Kind::need_more) return;
      const std::size_t end = std::clamp<std::size_t>(scan.begin + scan.size, 1, buffer_.size());
      if (scan.kind == Scan::Kind::frame) {
        take_frame(ByteView(buffer_).subspan(scan.begin, scan.size));
      } else if (scan.fault) {
        tell(line(), *scan.fault, fmt::format("{} bytes from {} dropped", end, to_hex(ByteView(buffer_).first(1))));
      } else {
        noise_ += end;
      }
      use(end);
    }
  }

  /// What was asked; of answers without a question what they tell of it.
  [[nodiscard]] Bytes question(ByteView heard) const {
    return request_.empty() ? driver_->question_to(heard) : request_;
  }

  void take_frame(ByteView frame) {
    told_ = true;
    const auto taken = driver_->accept(question(frame), frame);
    if (!taken) return tell(line(), taken.error(), fmt::format("frame of {} bytes not taken", frame.size()));
    auto reading = driver_->take();
    if (!reading) return;
    reading->time = TimePoint(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_)));
    if (const auto cause = impossible(*reading)) return tell(line(), Fault::implausible, *cause);
    print(to_json(*reading, seconds_));
    ++result_.readings;
  }

  void print(nlohmann::ordered_json json) {
    if (now_) json["address"] = *now_;
    // Text of a device is not always UTF-8.
    out_ << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  }

  void finish_exchange() {
    if (told_) return;
    if (!buffer_.empty()) {
      tell(line(), Fault::short_frame, fmt::format("{} bytes are no complete frame", buffer_.size()));
    } else if (noise_ > 0) {
      tell(line(), Fault::foreign, fmt::format("{} bytes belong to no answer", noise_));
    } else if (!request_.empty()) {
      tell(request_line_, Fault::timeout, "no answer");
    }
  }

  void print_partial() {
    const auto reading = driver_->partial();
    if (!reading) return;
    if (const auto cause = impossible(*reading)) return tell(line(), Fault::implausible, *cause);
    auto json = to_json(*reading, seconds_);
    json["complete"] = false;
    print(json);
    result_.partial = true;
  }

  void tell_others() {
    if (others_.empty() || any_own_) return;
    err_ << fmt::format("{}: nothing asks address {}; asked are {}\n", capture_.file, *address_,
                        fmt::join(others_, ", "));
  }

  const Capture& capture_;
  Batteries batteries_;          ///< empty: all goes to one driver
  std::optional<unsigned> now_;  ///< of several batteries the one that is asked
  Driver* driver_;
  std::ostream& out_;
  std::ostream& err_;
  Replayed result_;
  Bytes request_;
  std::size_t request_line_ = 0;
  Bytes buffer_;               ///< received, not used yet
  std::vector<Piece> pieces_;  ///< lines the buffer came from
  std::size_t consumed_ = 0;   ///< bytes of this exchange used so far
  std::size_t noise_ = 0;      ///< bytes dropped without a cause of their own
  bool told_ = false;          ///< this exchange gave a frame or a fault
  double seconds_ = 0;
  std::optional<unsigned> address_;  ///< the only battery wanted
  std::set<unsigned> others_;        ///< asked in this recording, and not wanted
  bool skipped_ = false;             ///< this exchange is one of others
  bool any_own_ = false;
};

}  // namespace

Replayed replay(const Capture& capture, Driver& driver, std::ostream& out, std::ostream& err,
                std::optional<unsigned> address) {
  return Replay(capture, driver, out, err, address).run();
}

Replayed replay_all(const Capture& capture, const DriverInfo& info, DriverOptions options, std::ostream& out,
                    std::ostream& err) {
  const auto alone = info.make(options);
  if (const auto asked = asked_in(capture, *alone); asked.size() > 1) {
    Batteries batteries;
    for (const unsigned address : asked) {
      if (address < info.address_min || address > info.address_max) continue;
      options.address = address;
      batteries.emplace(address, info.make(options));
    }
    if (batteries.size() > 1) return Replay(capture, std::move(batteries), out, err).run();
  }
  std::ostringstream complaints;
  const Replayed first = replay(capture, *alone, out, complaints);
  const bool asks =
      std::any_of(capture.lines.begin(), capture.lines.end(), [](const CaptureLine& line) { return line.to_battery; });
  const bool anybodys = !asks && info.has_address && !capture.headers.contains("address") && !capture.lines.empty();
  if (first.exit_code() != 0 && anybodys) {
    for (options.address = info.address_min; options.address <= info.address_max; ++options.address) {
      std::ostringstream others;
      const Replayed replayed = replay(capture, *info.make(options), out, others);
      if (replayed.exit_code() != 0) continue;
      err << others.str()
          << fmt::format("{}: answers of address {}; --address takes another one\n", capture.file, options.address);
      return replayed;
    }
  }
  err << complaints.str();
  return first;
}

}  // namespace bms
