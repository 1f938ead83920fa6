#include "eg4.hpp"

namespace bms::eg4 {
namespace {

using std::chrono::milliseconds;

// A pack thinks for 100 ms and its longest answer takes 150 (binary) or 230 ms (ASCII) at 9600 baud; with one second
// between polls, packs left questions unanswered (mr-manuel/venus-os_dbus-serialbattery: eg4_lifepower.py).
constexpr milliseconds kBinaryTimeout{500};
constexpr milliseconds kAsciiTimeout{700};
constexpr milliseconds kGap{100};
// After so many failed polls another pack may hang on the line: find out anew what it speaks.
constexpr int kMissesToForget = 30;
// Identity is asked with every poll at first, then now and then: a pack that has none costs half a second a minute.
constexpr int kIdentityTries = 3;
constexpr std::chrono::minutes kIdentityPause{1};

constexpr std::array kIdentity = {Command::version, Command::serial};
constexpr std::array kDialects = {Dialect::binary_7e, Dialect::binary_7c, Dialect::ascii};

bool is_ascii(ByteView request) { return request.size() >= ascii::kOverhead; }
std::uint8_t start_of(Dialect dialect) { return dialect == Dialect::binary_7c ? kStart7C : kStart7E; }

std::string option(const DriverOptions& options, std::string_view key) {
  const auto found = options.settings.find(key);
  return found == options.settings.end() ? "auto" : found->second;
}

}  // namespace

std::optional<Dialect> dialect_from_string(std::string_view name) {
  if (name == "7e" || name == "7E") return Dialect::binary_7e;
  if (name == "7c" || name == "7C") return Dialect::binary_7c;
  if (name == "ascii") return Dialect::ascii;
  return std::nullopt;
}

Eg4Driver::Eg4Driver(const DriverOptions& options)
    : address_(static_cast<std::uint8_t>(options.address)),
      configured_(dialect_from_string(option(options, "protocol"))),
      dialect_(configured_) {}

Scan Eg4Driver::scan(ByteView request, ByteView buffer) const {
  return is_ascii(request) ? LifePower4::scan(request, buffer) : TianPower::scan(request, buffer);
}

/// A binary answer names its address and command itself, an ASCII one has its VER where the other has an address, and
/// the shape of one of two answers.
Bytes Eg4Driver::question_to(ByteView heard) const {
  constexpr std::uint8_t kHighestAddress = 15;
  if (heard.size() < 3 || heard[1] <= kHighestAddress) {
    const bool other = !heard.empty() && heard[0] == kStart7C;
    const auto command = heard.size() < 3 ? Command::status : static_cast<Command>(heard[2]);
    return build(other ? kStart7C : kStart7E, address_, command);
  }
  Bytes question = ascii_request(address_, AsciiCommand::analog);
  const Scan scan = LifePower4::scan(question, heard);
  const bool alarm = scan.kind == Scan::Kind::discard && scan.fault == Fault::foreign;
  return alarm ? ascii_request(address_, AsciiCommand::alarm) : question;
}

std::optional<unsigned> Eg4Driver::asked(ByteView request) const {
  if (is_ascii(request)) return ascii::asked(request);
  const bool binary = request.size() > 1 && (request[0] == kStart7E || request[0] == kStart7C);
  return binary ? std::optional<unsigned>(request[1]) : std::nullopt;
}

Outcome<void> Eg4Driver::accept(ByteView request, ByteView frame) {
  return is_ascii(request) ? ascii_.accept(request, frame) : binary_.accept(frame);
}

// A pack may answer both protocols; the version is told by the binary one only.
std::optional<Reading> Eg4Driver::take() {
  if (auto reading = binary_.take()) return reading;
  auto reading = ascii_.take();
  if (reading) binary_.add_identity(*reading);
  return reading;
}

std::optional<Reading> Eg4Driver::partial() const {
  auto reading = ascii_.partial();
  if (!reading || binary_.complete()) return binary_.partial();
  binary_.add_identity(*reading);
  return reading;
}

Conversation<Outcome<void>> Eg4Driver::ask(Bytes request, int attempts) {
  Fault last = Fault::implausible;
  for (int round = 0; round < 2; ++round) {
    const Exchange exchange{request, is_ascii(request) ? kAsciiTimeout : kBinaryTimeout, kGap, attempts};
    const Answer answer = co_await exchange;
    if (!answer) co_return fail(answer.error());
    const auto taken = accept(request, *answer);
    if (taken || taken.error() != Fault::implausible) co_return taken;
    last = taken.error();
  }
  co_return fail(last);
}

Conversation<Outcome<Reading>> Eg4Driver::ask_status(Dialect dialect, int attempts) {
  if (dialect == Dialect::ascii) {
    ascii_.restart();
    for (const AsciiCommand command : {AsciiCommand::analog, AsciiCommand::alarm}) {
      const auto taken = co_await ask(ascii_request(address_, command), attempts);
      if (!taken) co_return fail(taken.error());
    }
  } else {
    const auto taken = co_await ask(build(start_of(dialect), address_, Command::status), attempts);
    if (!taken) co_return fail(taken.error());
  }
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

Conversation<Outcome<Reading>> Eg4Driver::identify() {
  Fault last = Fault::timeout;
  for (const Dialect dialect : kDialects) {
    auto reading = co_await ask_status(dialect, 1);
    if (reading) {
      dialect_ = dialect;
      co_return reading;
    }
    // Something that answers at all says more than the silence of the others.
    if (last == Fault::timeout) last = reading.error();
  }
  co_return fail(last);
}

Conversation<bool> Eg4Driver::ask_identity() {
  for (std::size_t i = 0; i < kIdentity.size(); ++i) {
    if (identity_known_.test(i)) continue;
    const Bytes request = build(start_of(*dialect_), address_, kIdentity[i]);
    const auto first = co_await ask(request, 1);
    if (!first) continue;
    const Reading once = binary_.identity();
    const auto second = co_await ask(request, 1);
    // The check byte misses every second single-bit error: a text is believed when it came twice.
    if (second && binary_.identity() == once) {
      identity_known_.set(i);
    } else {
      binary_.forget(kIdentity[i]);
    }
  }
  co_return identity_known_.any();
}

Conversation<Outcome<Reading>> Eg4Driver::read(TimePoint now, int attempts) {
  Outcome<Reading> reading = fail(Fault::timeout);
  if (dialect_) {
    reading = co_await ask_status(*dialect_, attempts);
  } else {
    reading = co_await identify();
  }
  if (!reading || *dialect_ == Dialect::ascii || identity_known_.all()) co_return reading;
  if (identity_tries_ >= kIdentityTries && now < last_identity_ + kIdentityPause) co_return reading;
  ++identity_tries_;
  last_identity_ = now;
  if (co_await ask_identity()) binary_.add_identity(*reading);
  co_return reading;
}

Conversation<Outcome<Reading>> Eg4Driver::poll(TimePoint now) {
  auto reading = co_await read(now, 2);
  if (reading) {
    misses_ = 0;
  } else if (++misses_ >= kMissesToForget) {
    dialect_ = configured_;
    identity_known_.reset();
    identity_tries_ = 0;
    misses_ = 0;
  }
  co_return reading;
}

void Eg4Driver::refresh() {
  identity_known_.reset();
  identity_tries_ = 0;
}

Conversation<Outcome<Reading>> Eg4Driver::probe() { return read(TimePoint{}, 1); }

}  // namespace bms::eg4
