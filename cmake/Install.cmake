# What `cmake --install` puts into a prefix: the binary, and a package for authors of agents. The prefix may be
# moved as a whole.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_LIBDIR lib) # beside the CAF that may come with it, and where the binary looks for that

# To write agents and plugins: headers, and nothing to link.
add_library(weir_agents INTERFACE)
target_include_directories(weir_agents INTERFACE $<INSTALL_INTERFACE:include> $<INSTALL_INTERFACE:include/weir>
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)
target_link_libraries(weir_agents INTERFACE nlohmann_json::nlohmann_json)

foreach(name agents actors app testing wire beast openai net options)
  set_target_properties(weir_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(weir_${name} INTERFACE cxx_std_20) # whichever of them an author links
endforeach()
install(TARGETS weir weir_agents weir_actors weir_wire weir_beast weir_openai weir_net weir_app weir_testing weir_options
        EXPORT weirTargets RUNTIME DESTINATION bin ARCHIVE DESTINATION lib)
set_target_properties(weir PROPERTIES EXPORT_NAME node)

install(DIRECTORY include/weir DESTINATION include FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_BINARY_DIR}/generated/weir/version.hpp DESTINATION include/weir)
install(DIRECTORY actors DESTINATION include/weir FILES_MATCHING PATTERN "*.hpp" PATTERN "pch.hpp" EXCLUDE)
install(FILES testing/agent_test.hpp DESTINATION include/weir/testing)
install(FILES apps/weir/app.hpp DESTINATION include/weir/apps/weir)

# A CAF that scripts/setup built is nowhere else to be found.
set(weir_brings_caf OFF)
if(CAF_DIR MATCHES "^${weir_caf_prefix}/")
  set(weir_brings_caf ON)
  install(DIRECTORY ${weir_caf_prefix}/lib ${weir_caf_prefix}/include DESTINATION . USE_SOURCE_PERMISSIONS)
endif()

set(weir_package ${PROJECT_BINARY_DIR}/package)
configure_package_config_file(cmake/weirConfig.cmake.in ${weir_package}/weirConfig.cmake
                              INSTALL_DESTINATION lib/cmake/weir NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${weir_package}/weirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${weir_package}/weirConfig.cmake ${weir_package}/weirConfigVersion.cmake cmake/FindHiredis.cmake
        DESTINATION lib/cmake/weir)
install(EXPORT weirTargets NAMESPACE weir:: DESTINATION lib/cmake/weir)
