#include "cli/program.h"

#include "support.h"

using namespace cfm;

namespace {

struct Result {
  int status = -1;
  int number = 0;
  bool ran = false;
};

Result run(std::vector<std::string> words, const std::function<void(cli::Program&)>& body = {}) {
  Result result;
  cli::Program program("cfm-test", "a program for tests");
  int number = 5;
  bool flag = false, beside = false, against = false;
  std::string kind = "a";
  program.writes_text();
  program.option("--number", number, "N", "a number").range(0, 10);
  program.option("--kind", kind, "K", "a kind").choices({"a", "b"});
  program.flag("--flag", flag, "a flag");
  program.flag("--beside", beside, "for --flag and --number").only_with({"--flag", "--number"});
  program.flag("--against", against, "not with --flag").not_with({"--flag"});
  words.insert(words.begin(), "cfm-test");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  result.status = program.run(static_cast<int>(argv.size()), argv.data(), [&] {
    result.ran = true;
    result.number = number;
    if (body) body(program);
  });
  return result;
}

}  // namespace

TEST_CASE("flags beat environment beats configuration beats default") {
  const test::TemporaryFolder folder;
  const std::string config = folder / "c.toml";
  write_file(config, "number = 2\n[cfm-other]\nunknown = 1\n");
  CHECK(run({}).number == 5);
  CHECK(run({"--config", config}).number == 2);
  ::setenv("CFM_OPT_NUMBER", "3", 1);
  CHECK(run({"--config", config}).number == 3);
  CHECK(run({"--config", config, "--number", "4"}).number == 4);
  ::unsetenv("CFM_OPT_NUMBER");
  write_file(config, "[cfm-test]\nnumber = 7\n");
  CHECK(run({"--config", config}).number == 7);
}

TEST_CASE("usage errors end with status 2 before the body runs") {
  const test::TemporaryFolder folder;
  const std::string config = folder / "c.toml";
  for (const auto& words : std::vector<std::vector<std::string>>{{"--nmber", "1"},
                                                                 {"--number"},
                                                                 {"--number", "eleven"},
                                                                 {"--number", "11"},
                                                                 {"--number", "nan"},
                                                                 {"--kind", "c"},
                                                                 {"stray"},
                                                                 {"--progress", "sometimes"}}) {
    const Result result = run(words);
    CAPTURE(words.front());
    CHECK(result.status == 2);
    CHECK_FALSE(result.ran);
  }
  write_file(config, "nunber = 2\n");
  CHECK(run({"--config", config}).status == 2);
  write_file(config, "[elsewhere]\nnumber = 2\n");
  CHECK(run({"--config", config}).status == 2);
  write_file(config, "number = = 2\n");
  CHECK(run({"--config", config}).status == 2);
  CHECK(run({"--config", folder / "absent.toml"}).status == 5);
}

TEST_CASE("an option that needs another, or cannot stand beside it") {
  CHECK(run({"--beside"}).status == 2);
  CHECK_FALSE(run({"--beside"}).ran);
  CHECK(run({"--beside", "--flag"}).status == 0);
  CHECK(run({"--beside", "--number", "3"}).status == 0);
  CHECK(run({"--against"}).status == 0);
  CHECK(run({"--against", "--flag"}).status == 2);
}

TEST_CASE("what the body throws becomes the status") {
  CHECK(run({}).status == 0);
  CHECK(run({}, [](auto&) { throw Error(Status::kMalformed, "cut"); }).status == 4);
  CHECK(run({}, [](auto&) { throw std::bad_alloc(); }).status == 7);
  CHECK(run({}, [](auto&) { throw std::logic_error("oops"); }).status == 70);
  CHECK(run({}, [](cli::Program& p) { p.set_status(Status::kPartial); }).status == 6);
}

TEST_CASE("output appears only when the body succeeded, and replaces only with --force") {
  const test::TemporaryFolder folder;
  const std::string file = folder / "out.txt";
  const auto write = [](cli::Program& p) { p.open_output().write("new"); };
  CHECK(run({"-o", file}, [&](cli::Program& p) {
          write(p);
          throw Error(Status::kMalformed, "late");
        }).status == 4);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK(run({"-o", file}, write).status == 0);
  CHECK(test::slurp(file) == "new");
  CHECK(run({"-o", file}, write).status == 2);
  CHECK(run({"-o", file, "--force"}, write).status == 0);
}

TEST_CASE("an option takes one word and leaves the next to the inputs") {
  std::vector<std::string> many;
  std::string one, words[] = {"cfm-test", "--one", "a", "x.cfm", "--many", "b", "y.cfm", "--many", "c", "--", "-z"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  cli::Program program("cfm-test", "a program for tests");
  program.reads_inputs("FILE", "files", true);
  program.option("--one", one, "W", "a word");
  program.option("--many", many, "W", "words");
  CHECK(program.run(static_cast<int>(argv.size()), argv.data(), [] {}) == 0);
  CHECK(one == "a");
  CHECK(many == std::vector<std::string>{"b", "c"});
  CHECK(program.inputs() == std::vector<std::string>{"x.cfm", "y.cfm", "-z"});
}

TEST_CASE("shards partition subjects") {
  cli::Program program("cfm-test", "a program for tests");
  program.sharded();
  const std::string words[] = {"cfm-test", "--shard", "1/3"};
  char* argv[] = {const_cast<char*>(words[0].c_str()), const_cast<char*>(words[1].c_str()),
                  const_cast<char*>(words[2].c_str())};
  int mine = 0;
  CHECK(program.run(3, argv, [&] {
    for (int i = 0; i < 300; ++i) mine += program.in_shard("subject" + std::to_string(i));
  }) == 0);
  CHECK(mine > 60);
  CHECK(mine < 140);
}

TEST_CASE("a mistyped word finds its neighbour") {
  CHECK(cli::nearest("--treads", {"--threads", "--to"}) == "--threads");
  CHECK(cli::nearest("--hepl", {"--help", "--to"}) == "--help");
  CHECK(cli::nearest("--quality", {"--help", "--to"}).empty());
}

TEST_CASE("pages hold every option") {
  cli::Table table{.name = "cfm-x", .summary = "does x", .version = "1"};
  table.options.push_back({.flags = "-o,--output", .metavar = "FILE", .help = "write it's 'FILE'"});
  table.options.push_back({.flags = "--kind", .metavar = "K", .help = "[which]: one", .choice_names = {"a", "b"}});
  table.options.push_back({.flags = "IN", .help = "what", .many = true});
  for (const auto page :
       {cli::man_page, cli::bash_completion, cli::zsh_completion, cli::fish_completion, cli::full_help}) {
    const std::string text = page(table);
    CHECK(text.find("output") != std::string::npos);
    CHECK(text.find("kind") != std::string::npos);
  }
  CHECK(cli::full_help(table).find("75  ") != std::string::npos);
}
