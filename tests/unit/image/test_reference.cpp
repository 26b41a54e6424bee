// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/reference.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::image {
namespace {

using test::ThrowsError;

TEST(Reference, without_transport_is_a_tag_of_the_store)
{
  EXPECT_EQ(Reference::parse("library:2026.11"), (Reference{Reference::Kind::store, {}, "library:2026.11"}));
  EXPECT_EQ(Reference::parse("quay.io/a/b:c@sha256:12").name, "quay.io/a/b:c@sha256:12");
}

TEST(Reference, names_layouts_and_archives)
{
  EXPECT_EQ(Reference::parse("oci:/a/b"), (Reference{Reference::Kind::oci_layout, "/a/b", ""}));
  EXPECT_EQ(Reference::parse("oci:dir:app:1"), (Reference{Reference::Kind::oci_layout, "dir", "app:1"}));
  EXPECT_EQ(Reference::parse("oci-archive:f.tar:app"), (Reference{Reference::Kind::oci_archive, "f.tar", "app"}));
  EXPECT_EQ(Reference::parse("docker://quay.io/a/b:1"), (Reference{Reference::Kind::registry, "", "quay.io/a/b:1"}));
}

TEST(Reference, is_written_as_it_was_read)
{
  for (const auto* text : {"app:1", "oci:/a/b", "oci:dir:app:1", "oci-archive:f.tar:app", "docker-archive:f.tar:app:1",
                           "containers-storage:app:1", "docker://quay.io/a/b:1"})
    EXPECT_EQ(Reference::parse(text).str(), text);
}

TEST(Reference, refuses_what_is_incomplete)
{
  for (const auto* text : {"", "oci:", "oci::x", "oci:dir:", "oci-archive:", "docker-archive:", "containers-storage:", "docker://"})
    EXPECT_THAT([&] { (void)Reference::parse(text); }, ThrowsError(Errc::bad_input, "")) << text;
}

TEST(Reference, says_what_to_use_instead_of_other_transports)
{
  for (const auto* text : {"dir:/x", "ostree:x", "docker-daemon:x:1"})
    EXPECT_THAT([&] { (void)Reference::parse(text); }, ThrowsError(Errc::unsupported, "is not supported; use")) << text;
}

}  // namespace
}  // namespace cairn::image
