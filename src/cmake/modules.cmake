option(DBUS_BMS_UNITY "Compile all sources of a module as one: what they share is compiled and checked once" OFF)

# bms_module(NAME [ASIO] LINK lib...): a static library of all sources of the current folder.
# Including Asio and sdbus-c++ costs seconds per file: they come precompiled, for those who say ASIO.
function(bms_module name)
  cmake_parse_arguments(ARG "ASIO" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC bms_interface ${ARG_LINK} PRIVATE bms_options)
  if(ARG_ASIO)
    target_link_libraries(${name} PUBLIC bms_pch_asio)
    target_precompile_headers(${name} REUSE_FROM bms_pch_asio)
  else()
    target_precompile_headers(${name} REUSE_FROM bms_pch_base)
  endif()
  bms_as_one(${name} 16)
endfunction()

# The sources of a target as one, or as many as make batches of so many.
function(bms_as_one name batch)
  if(NOT DBUS_BMS_UNITY)
    return()
  endif()
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -Wno-subobject-linkage)  # all is "in a header" then
  endif()
endfunction()

# bms_driver_family(FOLDER): one line per BMS family. The folder's family.cpp defines
# `std::vector<bms::DriverInfo> bms::FOLDER_drivers();`.
function(bms_driver_family folder)
  set_property(GLOBAL APPEND PROPERTY BMS_FAMILIES ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  add_library(driver_${folder} STATIC ${sources})
  target_link_libraries(driver_${folder} PUBLIC bms_interface bms_support PRIVATE bms_options)
  target_precompile_headers(driver_${folder} REUSE_FROM bms_pch_base)
  bms_as_one(driver_${folder} 16)
endfunction()

# Writes the list of all drivers; call once after the last family.
function(bms_driver_registry)
  get_property(families GLOBAL PROPERTY BMS_FAMILIES)
  set(BMS_DECLARATIONS "")
  set(BMS_CALLS "")
  foreach(family IN LISTS families)
    string(APPEND BMS_DECLARATIONS "std::vector<DriverInfo> ${family}_drivers();\n")
    string(APPEND BMS_CALLS "    add(${family}_drivers());\n")
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/src/cmake/registry.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/registry.cpp @ONLY)
  add_library(bms_drivers STATIC ${CMAKE_CURRENT_BINARY_DIR}/registry.cpp)
  list(TRANSFORM families PREPEND driver_ OUTPUT_VARIABLE libraries)
  target_link_libraries(bms_drivers PUBLIC bms_interface bms_support ${libraries} PRIVATE bms_options)
  target_precompile_headers(bms_drivers REUSE_FROM bms_pch_base)
endfunction()

# bms_test(NAME [ASIO] [TIMEOUT s] [SHARDS n] LINK lib...): a GoogleTest program of all sources of the current folder.
# Programs that include Asio or sdbus-c++ say ASIO. SHARDS runs it as n tests that each take a part.
function(bms_test name)
  cmake_parse_arguments(ARG "ASIO" "TIMEOUT;SHARDS" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE bms_options bms_test_support ${ARG_LINK} GTest::gtest_main)
  if(ARG_ASIO)
    target_link_libraries(${name} PRIVATE bms_pch_asio)
    target_precompile_headers(${name} REUSE_FROM bms_pch_asio)
  else()
    target_precompile_headers(${name} REUSE_FROM bms_pch_test)
  endif()
  bms_as_one(${name} 8)
  # A test's own code is not what takes its time: a third less to compile.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)  # ends what hangs; a slow machine is no failure
  endif()
  if(NOT ARG_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
    return()
  endif()
  math(EXPR last "${ARG_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${name}_${shard} COMMAND ${name})
    set_tests_properties(${name}_${shard} PROPERTIES TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT
                         "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()
