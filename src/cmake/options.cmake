# Warnings, hardening and sanitizers for every target of this project.
add_library(bms_options INTERFACE)
target_compile_options(bms_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fPIE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 inside coroutines, std::variant and std::string; clang-tidy and ASan look for the real ones.
  target_compile_options(bms_options INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-restrict
                                               -Wno-array-bounds -Wno-stringop-overread
                                               -Wno-mismatched-new-delete -Wno-psabi)
endif()

set(DBUS_BMS_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")
if(DBUS_BMS_SANITIZE)
  target_compile_options(bms_options INTERFACE -fsanitize=${DBUS_BMS_SANITIZE} -fno-sanitize-recover=all
                                               -fno-omit-frame-pointer)
  target_link_options(bms_options INTERFACE -fsanitize=${DBUS_BMS_SANITIZE})
  target_compile_definitions(bms_options INTERFACE DBUS_BMS_SANITIZED)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 puts a relative address before each function that it then cannot write for a coroutine.
    target_compile_options(bms_options INTERFACE -fno-sanitize=function)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # No path of this machine is left in the program: the same sources give the same bytes in any folder.
  # g++ tries the last map first, and a sysroot may lie inside the sources.
  target_compile_options(bms_options INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
                                               $<$<BOOL:${CMAKE_SYSROOT}>:-ffile-prefix-map=${CMAKE_SYSROOT}=>)
  target_compile_options(bms_options INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
                                               -ffunction-sections -fdata-sections)
  target_link_options(bms_options INTERFACE -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--gc-sections)
endif()
