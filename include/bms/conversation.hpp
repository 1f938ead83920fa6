#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "bms/bytes.hpp"
#include "bms/outcome.hpp"

namespace bms {

/// One question to a device. An empty request only listens: the bytes already received and not yet used are searched
/// first, with the previous request still as context (a second frame of the same answer, or an unsolicited stream).
struct Exchange {
  Bytes request;
  /// From the last byte of the request to the last byte of a complete frame.
  std::chrono::milliseconds timeout{500};
  /// Silence on the line that this device needs before the request.
  std::chrono::milliseconds gap{0};
  /// How often to ask before giving up; the bus asks a battery that is known to be silent only once.
  int attempts = 2;
  /// The answer may be the request repeated (Modbus write); then an echo cannot be told from it and is not removed.
  bool answer_repeats_request = false;
};

/// A complete, checked frame as found by Driver::scan(), or why there is none.
using Answer = Outcome<Bytes>;

namespace detail {

/// What a conversation and whoever carries it out exchange. One per outermost conversation.
struct Channel {
  const Exchange* pending = nullptr;
  std::optional<Answer> answer;
  std::coroutine_handle<> leaf;
};

struct PromiseBase {
  Channel own;
  Channel* channel = &own;
  std::coroutine_handle<> continuation;
  std::exception_ptr error;

  static std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }

  struct FinalAwaiter {
    static bool await_ready() noexcept { return false; }
    template <class Promise>
    static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      auto& promise = handle.promise();
      promise.channel->pending = nullptr;
      if (promise.continuation) return promise.continuation;
      return std::noop_coroutine();
    }
    static void await_resume() noexcept {}
  };
  static FinalAwaiter final_suspend() noexcept { return {}; }

  struct ExchangeAwaiter {
    Channel* channel;
    const Exchange* exchange;
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      channel->pending = exchange;
      channel->leaf = handle;
    }
    Answer await_resume() { return std::exchange(channel->answer, std::nullopt).value_or(fail(Fault::io)); }
  };
  /// The exchange must live until the answer is there. Name it before: g++ 12 miscompiles braces inside a co_await.
  ExchangeAwaiter await_transform(const Exchange& exchange) noexcept { return {channel, &exchange}; }
};

}  // namespace detail

/// A coroutine that asks a device questions and comes to a result, without knowing ports, clocks or event loops.
///
///     Conversation<Outcome<Reading>> AcmeDriver::poll(TimePoint now) {
///       const Exchange status{modbus::read_holding(address_, 0x5000, 12)};
///       const Answer answer = co_await status;
///       if (!answer) co_return fail(answer.error());
///       ...
///     }
///
/// Whoever runs it (a Bus, a test, `decode`) calls start(), then answers pending() with resume() until done().
/// A conversation may `co_await` another one; its exchanges come out of the outermost.
template <class T>
class [[nodiscard]] Conversation {
 public:
  struct promise_type : detail::PromiseBase {
    std::optional<T> value;
    Conversation get_return_object() { return Conversation(Handle::from_promise(*this)); }
    template <class U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    using detail::PromiseBase::await_transform;
    template <class U>
    auto await_transform(Conversation<U>&& inner) noexcept {
      return typename Conversation<U>::InnerAwaiter{std::move(inner), channel};
    }
  };
  using Handle = std::coroutine_handle<promise_type>;

  struct InnerAwaiter {
    Conversation inner;
    detail::Channel* channel;
    static bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> outer) noexcept {
      inner.handle_.promise().channel = channel;
      inner.handle_.promise().continuation = outer;
      return inner.handle_;
    }
    T await_resume() { return inner.result(); }
  };

  Conversation(Conversation&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Conversation& operator=(Conversation&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() {
    if (handle_) handle_.destroy();
  }

  /// Runs to the first question or to the end. Call once.
  void start() { handle_.resume(); }
  [[nodiscard]] bool done() const { return handle_.done(); }
  /// The question to be answered next; nullptr when done. Valid until resume().
  [[nodiscard]] const Exchange* pending() const { return handle_.promise().channel->pending; }
  /// Answers pending() and runs to the next question or to the end.
  void resume(Answer answer) {
    auto& channel = *handle_.promise().channel;
    channel.pending = nullptr;
    channel.answer = std::move(answer);
    channel.leaf.resume();
  }
  /// The result of a conversation that is done; rethrows what escaped from it.
  T result() {
    auto& promise = handle_.promise();
    if (promise.error) std::rethrow_exception(promise.error);
    return std::move(*promise.value);
  }

 private:
  explicit Conversation(Handle handle) : handle_(handle) {}
  Handle handle_;
};

}  // namespace bms
