#include <cairn/build/build.hpp>
#include <cairn/build/container_step.hpp>
#include <cairn/build/python_step.hpp>
#include <cairn/base/error.hpp>
namespace cairn::recipe {
BaseFile BaseFile::read(const std::filesystem::path&) { throw Error(Errc::unsupported, "stub"); }
std::optional<BaseLock> BaseLock::read(const std::filesystem::path&) { throw Error(Errc::unsupported, "stub"); }
}
namespace cairn::build {
recipe::BaseLock lock_base(const recipe::BaseFile&, const BaseSettings&, const Task&) { throw Error(Errc::unsupported, "stub"); }
image::Image build_base(const recipe::BaseFile&, const recipe::BaseLock&, store::Store&, const BaseSettings&, const Task&) { throw Error(Errc::unsupported, "stub"); }
std::string base_key(const recipe::BaseFile&, const recipe::BaseLock&, const BaseSettings&) { return {}; }
ContainerLayer run_in_container(const image::Image&, const ContainerStep&, store::Store&, const ContainerSettings&, const Task&) { throw Error(Errc::unsupported, "stub"); }
ContainerStep container_step(const recipe::Step&, const oci::BlobSource&, const image::Image&, const Task&) { throw Error(Errc::unsupported, "stub"); }
struct PythonSteps::State {};
PythonSteps::PythonSteps(const image::Image&, const BuildSettings&, const Surroundings&, store::Store&, const Task&) {}
PythonSteps::~PythonSteps() = default;
std::string PythonSteps::key(const recipe::Step&) const { throw Error(Errc::unsupported, "stub"); }
StepLayers PythonSteps::make(const recipe::Step&, const Task&) { throw Error(Errc::unsupported, "stub"); }
}
