// The precompiled header for Beast: for compile times only. Every file still includes what it uses.
#include "actors/pch.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
