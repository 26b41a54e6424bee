#include <cairn/build/build.hpp>
#include <cairn/build/container_step.hpp>
#include <cairn/build/python_step.hpp>
#include <cairn/base/error.hpp>
namespace cairn::build {
ContainerLayer run_in_container(const image::Image&, const ContainerStep&, store::Store&, const ContainerSettings&, const Task&) { throw Error(Errc::unsupported, "stub"); }
ContainerStep container_step(const recipe::Step&, const oci::BlobSource&, const image::Image&, const Task&) { throw Error(Errc::unsupported, "stub"); }
struct PythonSteps::State {};
PythonSteps::PythonSteps(const image::Image&, const BuildSettings&, const Surroundings&, store::Store&, const Task&) {}
PythonSteps::~PythonSteps() = default;
std::string PythonSteps::key(const recipe::Step&) const { throw Error(Errc::unsupported, "stub"); }
StepLayers PythonSteps::make(const recipe::Step&, const Task&) { throw Error(Errc::unsupported, "stub"); }
}
