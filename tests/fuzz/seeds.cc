// Seeds for the fuzzers of formats that no program writes.
//
//   fuzz_seeds FOLDER      FOLDER/audio/…, FOLDER/flac/…, FOLDER/mat/…, …: a folder a fuzzer, which must be there
#include <matio.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "format/annotation.h"
#include "format/wfdb_signal.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "stream/json_text.h"

namespace {

std::string g_folder;

std::string wave(std::size_t n) {
  std::string bytes;
  for (std::size_t i = 0; i < n; ++i) bytes += static_cast<char>(100 * std::sin(0.1 * static_cast<double>(i)));
  return bytes;
}

void put(const std::string& name, const std::string& bytes) { std::ofstream(g_folder + "/" + name) << bytes; }

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void audio(const std::string& name, int format, int channels, int frames = 300) {
  SF_INFO info{.samplerate = 250, .channels = channels, .format = format};
  const std::string path = g_folder + "/audio/" + name;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  std::vector<float> values(static_cast<std::size_t>(frames * channels));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(0.05 * static_cast<double>(i)));
  sf_writef_float(file, values.data(), frames);
  sf_close(file);
}

// The first byte chooses the format, the second the signals.
void flac(const std::string& name, char format, char signals) {
  put("flac/" + name, std::string{format, signals} + slurp(g_folder + "/audio/" + name));
}

void matrix(mat_t* file, const char* name, matio_classes kind, matio_types type, void* values, matio_compression how) {
  std::size_t sizes[2] = {2, 20};
  matvar_t* v = Mat_VarCreate(name, kind, type, 2, sizes, values, 0);
  Mat_VarWrite(file, v, how);
  Mat_VarFree(v);
}

void mat(const std::string& name, mat_ft version, matio_compression how, bool with_struct) {
  mat_t* file = Mat_CreateVer((g_folder + "/" + name).c_str(), "MATLAB seed", version);
  std::vector<double> real(40, 0.25);
  std::vector<std::int16_t> whole(40, 7);
  matrix(file, "ecg", MAT_C_DOUBLE, MAT_T_DOUBLE, real.data(), how);
  if (version != MAT_FT_MAT4) matrix(file, "ppg", MAT_C_INT16, MAT_T_INT16, whole.data(), how);
  if (with_struct) {
    const char* fields[] = {"x", "fs"};
    std::size_t one[2] = {1, 1}, sizes[2] = {2, 20};
    double fs = 250;
    matvar_t* s = Mat_VarCreateStruct("s", 2, one, fields, 2);
    Mat_VarSetStructFieldByName(s, "x", 0, Mat_VarCreate("x", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, sizes, real.data(), 0));
    Mat_VarSetStructFieldByName(s, "fs", 0, Mat_VarCreate("fs", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, &fs, 0));
    Mat_VarWrite(file, s, how);
    Mat_VarFree(s);
  }
  Mat_Close(file);
}

void annotations() {
  cfm::format::AnnotationFile file{.annotations = {{10, 1}, {300, 5, 1, 0, 2}, {1500, 28, 0, 1, 0, "(AFIB"}}};
  for (int i = 1; i < 50; ++i) file.annotations.push_back({1500 + 900 * i, i, 0, 0, i % 5});
  file.annotations.push_back({std::int64_t{1} << 33, 22, 0, 0, 0, "a note, late"});
  cfm::format::write_annotations(g_folder + "/annotation/beats", file, true);
  file.resolution = 1000;
  file.defined = {{45, "xx", "a code of its own"}};
  cfm::format::write_annotations(g_folder + "/annotation/clock", file, true);
}

void weights() {
  const auto tensor = [](const std::string& name, cfm::stream::Dtype dtype, std::vector<std::int64_t> shape,
                         std::size_t bytes) {
    return cfm::model::NamedTensor{name, dtype, std::move(shape), cfm::Bytes::own(std::vector<std::uint8_t>(bytes, 1))};
  };
  using enum cfm::stream::Dtype;
  const cfm::model::Safetensors file{.tensors = {tensor("a.weight", kF32, {2, 3}, 24), tensor("b", kBF16, {}, 2),
                                                 tensor("c", kI64, {0, 4}, 0), tensor("d", kU8, {5}, 5)},
                                     .metadata = {{"format", "pt"}, {"cfm.config", "{}"}}};
  cfm::model::write_safetensors(g_folder + "/safetensors/mixed", file);
  cfm::model::write_safetensors(g_folder + "/safetensors/empty", {});
}

}  // namespace

int main(int, char** arguments) {
  g_folder = arguments[1];
  audio("pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2);
  audio("pcm24.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 1);
  audio("float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 3);
  audio("big.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8 | SF_ENDIAN_BIG, 1);
  audio("rf64.wav", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 1);
  audio("double.au", SF_FORMAT_AU | SF_FORMAT_DOUBLE, 2);
  audio("pcm16.au", SF_FORMAT_AU | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE, 1);
  audio("8.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_S8, 1);
  audio("16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2);
  audio("24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1, 5000);
  flac("8.flac", 0, 0);
  flac("16.flac", 1, 1);
  flac("24.flac", 2, 16);
  mat("mat/4", MAT_FT_MAT4, MAT_COMPRESSION_NONE, false);
  mat("mat/5", MAT_FT_MAT5, MAT_COMPRESSION_NONE, true);
  mat("mat/5z", MAT_FT_MAT5, MAT_COMPRESSION_ZLIB, true);
  mat("mat_hdf5/73", MAT_FT_MAT73, MAT_COMPRESSION_NONE, true);
  mat("mat_hdf5/73z", MAT_FT_MAT73, MAT_COMPRESSION_ZLIB, false);
  const auto formats = cfm::format::signal_formats();
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const auto choice = static_cast<char>(i);
    put("signal/" + std::to_string(formats[i].code), std::string{choice, choice, choice, 5} + wave(200));
    put("signal/long_" + std::to_string(formats[i].code), std::string{choice, 2, 1, 90} + wave(6000));
  }
  annotations();
  weights();
  for (const cfm::model::ModelSummary& model : cfm::model::named_models()) {
    const std::string json = cfm::stream::dump_json(cfm::model::ModelConfig::open(model.name).to_json());
    put("config/" + model.name, json + "\n==\nschedule.batch=64\n==\nobjective.spectrum_of=own\n==\nprofile.fs=250");
    put("json/" + model.name, json);
  }
}
