#include "stream/where.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>

#include "base/error.h"

namespace cfm::stream {
namespace {

using Value = std::function<Json(const Json&)>;

bool is_true(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.is_null() && !value.empty();
}

// -1, 0, 1; nothing where there is no order.
std::optional<int> order(const Json& a, const Json& b) {
  const auto three_way = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.is_number() && b.is_number()) return three_way(a.get<double>(), b.get<double>());
  if (a.is_string() && b.is_string()) {
    return three_way(a.get_ref<const std::string&>(), b.get_ref<const std::string&>());
  }
  return std::nullopt;
}

bool equal(const Json& a, const Json& b) {
  const auto by_order = order(a, b);
  return by_order ? *by_order == 0 : a == b;
}

bool contains(const Json& whole, const Json& part) {
  if (whole.is_array()) return std::ranges::any_of(whole, [&](const Json& item) { return equal(item, part); });
  if (whole.is_object()) return part.is_string() && whole.contains(part.get<std::string>());
  if (!whole.is_string() || !part.is_string()) return false;
  return whole.get_ref<const std::string&>().find(part.get_ref<const std::string&>()) != std::string::npos;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<std::shared_ptr<Where::Path>>& paths) : text_(text), paths_(paths) {}

  Value parse() {
    Value value = any();
    skip_blanks();
    if (at_ < text_.size()) fail("an operator or the end is needed");
    return value;
  }

 private:
  static constexpr int kDeepest = 64;                  // parentheses and ! within each other
  static constexpr std::size_t kLongestPattern = 512;  // bytes: std::regex needs stack for each

  // Of more digits than std::regex can count with.
  static bool has_large_number(std::string_view pattern) {
    constexpr std::ptrdiff_t kMostDigits = 15;
    std::ptrdiff_t digits = 0;
    return std::ranges::any_of(pattern,
                               [&](char c) { return (digits = c >= '0' && c <= '9' ? digits + 1 : 0) > kMostDigits; });
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(Status::kUsage, "--where {}: {} at character {}", text_, what, at_ + 1);
  }
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  static bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

  bool take(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    const std::size_t end = at_ + token.size();
    if (in_word(token.back()) && end < text_.size() && in_word(text_[end])) return false;
    at_ = end;
    return true;
  }

  Value any() {
    Value left = all();
    while (take("||")) {
      left = [a = std::move(left), b = all()](const Json& header) -> Json {
        return is_true(a(header)) || is_true(b(header));
      };
    }
    return left;
  }
  Value all() {
    Value left = negation();
    while (take("&&")) {
      left = [a = std::move(left), b = negation()](const Json& header) -> Json {
        return is_true(a(header)) && is_true(b(header));
      };
    }
    return left;
  }
  Value negation() {
    skip_blanks();
    if (text_.substr(at_).starts_with("!=") || !take("!")) return comparison();
    if (++depth_ > kDeepest) fail("too deep");
    Value inner = negation();
    --depth_;
    return [a = std::move(inner)](const Json& header) -> Json { return !is_true(a(header)); };
  }
  Value comparison() {
    Value left = operand();
    using Test = bool (*)(const Json&, const Json&);
    static constexpr std::pair<std::string_view, Test> kTests[] = {
        {"==", [](const Json& a, const Json& b) { return equal(a, b); }},
        {"!=", [](const Json& a, const Json& b) { return !equal(a, b); }},
        {"<=", [](const Json& a, const Json& b) { return order(a, b).value_or(1) <= 0; }},
        {">=", [](const Json& a, const Json& b) { return order(a, b).value_or(-1) >= 0; }},
        {"<", [](const Json& a, const Json& b) { return order(a, b).value_or(1) < 0; }},
        {">", [](const Json& a, const Json& b) { return order(a, b).value_or(-1) > 0; }},
        {"in", [](const Json& a, const Json& b) { return contains(b, a); }}};
    if (take("=~")) return match(std::move(left));
    for (const auto& [token, test] : kTests) {
      if (!take(token)) continue;
      return [a = std::move(left), b = operand(), test = test](const Json& header) -> Json {
        return test(a(header), b(header));
      };
    }
    return left;
  }
  Value match(Value left) {
    skip_blanks();
    const auto pattern = string();
    if (!pattern) fail("=~ needs a regular expression in quotes");
    if (pattern->size() > kLongestPattern) fail("no regular expression so long ends");
    if (has_large_number(*pattern)) fail("no regular expression with numbers so large ends");
    try {
      // Breadth first: neither time nor stack grow with the text that the header holds. Refuses back-references.
      constexpr auto kSyntax = std::regex::ECMAScript | std::regex_constants::__polynomial;
      return [a = std::move(left), regex = std::regex(*pattern, kSyntax)](const Json& header) -> Json {
        const Json value = a(header);
        return value.is_string() && std::regex_search(value.get_ref<const std::string&>(), regex);
      };
    } catch (const std::regex_error&) {
      fail("no regular expression ends");
    }
  }
  Value operand() {
    skip_blanks();
    if (take("(")) {
      if (++depth_ > kDeepest) fail("too deep");
      Value inner = any();
      if (!take(")")) fail("a closing parenthesis is missing");
      --depth_;
      return inner;
    }
    if (const auto text = string()) return constant(*text);
    double number = 0;
    const char* from = text_.data() + at_;
    const auto [end, error] = std::from_chars(from, text_.data() + text_.size(), number);
    if (error == std::errc() && (end == text_.data() + text_.size() || !in_word(*end))) {
      at_ += static_cast<std::size_t>(end - from);
      return constant(number);
    }
    if (take("true")) return constant(true);
    if (take("false")) return constant(false);
    if (take("null")) return constant(nullptr);
    return path();
  }
  static Value constant(Json value) {
    return [value = std::move(value)](const Json&) { return value; };
  }
  std::optional<std::string> string() {
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) return std::nullopt;
    const char quote = text_[at_];
    std::string out;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        at_ = i + 1;
        return out;
      }
      if (text_[i] == '\\' && i + 1 < text_.size() && (text_[i + 1] == quote || text_[i + 1] == '\\')) ++i;
      out += text_[i];
    }
    fail("a text without end begins");
  }
  std::string word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && in_word(text_[at_])) ++at_;
    if (at_ == from) fail("a value is needed");
    return std::string(text_.substr(from, at_ - from));
  }
  Value path() {
    auto made = std::make_shared<Where::Path>();
    const std::size_t from = at_;
    made->keys.push_back(word());
    for (;;) {
      if (at_ < text_.size() && text_[at_] == '.') {
        ++at_;
        made->keys.push_back(word());
      } else if (at_ < text_.size() && text_[at_] == '[') {
        ++at_;
        const auto key = string();
        if (!key || !take("]")) fail("[\"key\"] is needed");
        made->keys.push_back(*key);
      } else {
        break;
      }
    }
    made->text = text_.substr(from, at_ - from);
    paths_.push_back(made);
    return [made](const Json& header) -> Json { return made->of(header); };
  }

  std::string_view text_;
  std::vector<std::shared_ptr<Where::Path>>& paths_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Where::Where(std::string text) : text_(std::move(text)), value_(Parser(text_, paths_).parse()) {}

const Json& Where::Path::of(const Json& header) const {
  static const Json kNull;
  const Json* node = &header;
  for (const std::string& key : keys) {
    if (!node->is_object() || !node->contains(key)) return kNull;
    node = &(*node)[key];
  }
  return *node;
}

bool Where::holds(const Json& header) {
  // Here, because && and || need not look at what stands on their right.
  for (const auto& path : paths_) path->seen = path->seen || !path->of(header).is_null();
  return is_true(value_(header));
}

std::vector<std::string> Where::never_seen() const {
  std::vector<std::string> names;
  for (const auto& path : paths_) {
    if (!path->seen) names.push_back(path->text);
  }
  return names;
}

}  // namespace cfm::stream
