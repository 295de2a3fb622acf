extern "C" int another_library() { return 1; }
