// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/facts.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/stack/stack.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace cairn::deploy {
namespace {

constexpr std::size_t small_stack = 12;

struct KnownPackage {
  std::string_view distribution;
  std::string_view shown;
};
/// What people choose an image by, under the name that they know it by.
constexpr std::array known_packages{
    KnownPackage{"boto3", "Boto3"},
    KnownPackage{"catboost", "CatBoost"},
    KnownPackage{"codeflare-sdk", "Codeflare-SDK"},
    KnownPackage{"dask", "Dask"},
    KnownPackage{"jupyterlab", "JupyterLab"},
    KnownPackage{"jupyterlmod", "JupyterLmod"},
    KnownPackage{"kafka-python", "Kafka-Python"},
    KnownPackage{"kfp", "Kfp"},
    KnownPackage{"lightgbm", "LightGBM"},
    KnownPackage{"matplotlib", "Matplotlib"},
    KnownPackage{"mysql-connector-python", "MySQL Connector/Python"},
    KnownPackage{"notebook", "Notebook"},
    KnownPackage{"numpy", "Numpy"},
    KnownPackage{"odh-elyra", "Odh-Elyra"},
    KnownPackage{"onnx", "ONNX"},
    KnownPackage{"pandas", "Pandas"},
    KnownPackage{"plotly", "Plotly"},
    KnownPackage{"psycopg", "Psycopg"},
    KnownPackage{"pymongo", "PyMongo"},
    KnownPackage{"pyodbc", "Pyodbc"},
    KnownPackage{"scikit-learn", "Scikit-learn"},
    KnownPackage{"scipy", "Scipy"},
    KnownPackage{"skl2onnx", "Sklearn-onnx"},
    KnownPackage{"tensorflow", "TensorFlow"},
    KnownPackage{"torch", "PyTorch"},
    KnownPackage{"xarray", "Xarray"},
    KnownPackage{"xgboost", "XGBoost"},
};

const KnownPackage* known(std::string_view distribution)
{
  const auto found = std::ranges::find(known_packages, distribution, &KnownPackage::distribution);
  return found == known_packages.end() ? nullptr : &*found;
}

std::string two_parts(std::string_view version)
{
  const auto first = version.find('.');
  if (first == std::string_view::npos) return std::string(version);
  const auto second = version.find_first_not_of("0123456789", first + 1);
  return std::string(version.substr(0, second));
}

std::string canonical(std::string_view name)
{
  std::string out;
  for (const char c : name) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && !out.empty() && out.back() == '-') continue;
    out += separator ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

class NamesAndVersions {
public:
  NamesAndVersions() { json_.begin_array(); }
  void add(std::string_view name, std::string_view version)
  {
    json_.begin_object().member("name", name).member("version", version).end_object();
  }
  std::string finish() { return json_.end_array().finish(); }

private:
  oci::JsonWriter json_;
};

}  // namespace

ImageFacts facts_of(const image::Image& image, const Digest& digest)
{
  ImageFacts out{.digest = digest, .python = {}, .lmod = {}, .packages = {}};
  if (const auto stack = stack::read_stack(image.manifest)) {
    out.python = stack->python;
    for (const auto& package : stack->packages) out.packages.emplace_back(package.name, package.version);
  }
  constexpr std::string_view lmod = "LMOD_VERSION=";
  for (const auto& variable : image.config.env)
    if (variable.starts_with(lmod)) out.lmod = variable.substr(lmod.size());
  return out;
}

LibraryFacts facts_of(const library::Library& library, const Digest& digest)
{
  LibraryFacts out{.digest = digest, .target = library.document.target, .modules = 0};
  for (const auto& unit : library.document.units) out.modules += unit.modules.size();
  return out;
}

std::string software_json(const ImageFacts& facts)
{
  NamesAndVersions out;
  if (!facts.python.empty()) out.add("Python", "v" + facts.python);
  if (!facts.lmod.empty()) out.add("Lmod", two_parts(facts.lmod));
  return out.finish();
}

std::string dependencies_json(const ImageFacts& facts, const std::vector<std::string>& chosen)
{
  NamesAndVersions out;
  const auto add = [&](const std::pair<std::string, std::string>& package) {
    const auto* shown = known(package.first);
    out.add(shown != nullptr ? shown->shown : package.first, two_parts(package.second));
  };
  for (const auto& wanted : chosen) {
    const auto found = std::ranges::find(facts.packages, canonical(wanted), &std::pair<std::string, std::string>::first);
    if (found == facts.packages.end())
      throw Error(Errc::not_found, fmt::format("{}: the image's stack has no such distribution", printable(wanted)));
    add(*found);
  }
  if (chosen.empty())
    for (const auto& package : facts.packages)
      if (facts.packages.size() <= small_stack || known(package.first) != nullptr) add(package);
  return out.finish();
}

}  // namespace cairn::deploy
