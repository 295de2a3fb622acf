# Finds CAF 0.18: a build that scripts/setup put into the cache outside the checkout, else an installed one.
# The path is worked out as in scripts/lib/common.sh.
set(WEIR_CAF_VARIANT "" CACHE STRING "Which cached CAF build to use: empty, or tsan")

execute_process(COMMAND g++ -dumpfullversion OUTPUT_VARIABLE weir_gcc_version OUTPUT_STRIP_TRAILING_WHITESPACE)
if(DEFINED ENV{XDG_CACHE_HOME})
  set(weir_cache "$ENV{XDG_CACHE_HOME}/weir")
else()
  set(weir_cache "$ENV{HOME}/.cache/weir")
endif()
set(weir_caf_prefix "${weir_cache}/caf-0.18.7-gcc-${weir_gcc_version}")
if(WEIR_CAF_VARIANT)
  string(APPEND weir_caf_prefix "-${WEIR_CAF_VARIANT}")
endif()
list(PREPEND CMAKE_PREFIX_PATH "${weir_caf_prefix}")

# CAF's own version file only knows exact matches.
find_package(CAF CONFIG REQUIRED COMPONENTS core io)
if(NOT CAF_VERSION MATCHES "^0\\.18\\.")
  message(FATAL_ERROR "CAF 0.18 is needed, ${CAF_DIR} has ${CAF_VERSION}: run scripts/setup")
endif()
