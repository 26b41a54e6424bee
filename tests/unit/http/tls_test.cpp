// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/tls.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

using test::ThrowsError;

TEST(Certificates, are_found_by_host_and_port)
{
  const TempDir root;
  std::filesystem::create_directories(root.path() / "b" / "host:5000");
  write_file_atomically(root.path() / "b/host:5000/ca.crt", "CA", Flush::no);
  write_file_atomically(root.path() / "b/host:5000/me.cert", "C", Flush::no);
  write_file_atomically(root.path() / "b/host:5000/me.key", "K", Flush::no);
  const auto tls = find_certificates({root.path() / "a", root.path() / "b"}, "host:5000");
  EXPECT_EQ(tls.authorities, "CA\n");
  EXPECT_EQ(tls.certificate, root.path() / "b/host:5000/me.cert");
  EXPECT_EQ(tls.key, root.path() / "b/host:5000/me.key");
  EXPECT_TRUE(find_certificates({root.path() / "b"}, "host").authorities.empty());
}

TEST(Certificates, need_their_keys_and_keys_their_certificates)
{
  const TempDir root;
  write_file_atomically(root.path() / "me.cert", "C", Flush::no);
  EXPECT_THAT([&] { (void)read_certificates(root.path()); }, ThrowsError(Errc::bad_input, "its key 'me.key' is missing"));
  std::filesystem::remove(root.path() / "me.cert");
  write_file_atomically(root.path() / "you.key", "K", Flush::no);
  EXPECT_THAT([&] { (void)read_certificates(root.path()); }, ThrowsError(Errc::bad_input, "its certificate 'you.cert' is missing"));
}

}  // namespace
}  // namespace cairn::http
