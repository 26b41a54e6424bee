# SPDX-License-Identifier: Apache-2.0
# cairn_room(NAME USES room... DOOR library... FILES file...)
#   A room is one static library, cairn_<NAME>, in src/cairn/<NAME>. It may include only the rooms it USES (and
#   itself), and only it may include its DOOR's headers: tests/lint/rooms.py reads these declarations and checks.
function(cairn_room name)
  cmake_parse_arguments(room "" "" "USES;DOOR;FILES" ${ARGN})
  add_library(cairn_${name} STATIC ${room_FILES})
  target_include_directories(cairn_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(cairn_${name} PUBLIC cairn_options fmt::fmt)
  foreach(used IN LISTS room_USES)
    target_link_libraries(cairn_${name} PUBLIC cairn_${used})
  endforeach()
  target_link_libraries(cairn_${name} PRIVATE ${room_DOOR})
endfunction()

# cairn_room_test(NAME FILES file... [USES room...] [LIBRARIES target...])
#   One GoogleTest program, test_<NAME>, in tests/unit/<NAME>; ctest sees each TEST.
function(cairn_room_test name)
  cmake_parse_arguments(test "" "" "USES;LIBRARIES;FILES" ${ARGN})
  add_executable(test_${name} ${test_FILES})
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE cairn_${name} GTest::gmock GTest::gtest_main ${test_LIBRARIES})
  foreach(used IN LISTS test_USES)
    target_link_libraries(test_${name} PRIVATE cairn_${used})
  endforeach()
  # One ctest entry a room: starting a sanitized program once for each TEST would cost more than the tests.
  add_test(NAME unit.${name} COMMAND test_${name} --gtest_brief=1)
  set_tests_properties(unit.${name} PROPERTIES LABELS unit)
endfunction()
