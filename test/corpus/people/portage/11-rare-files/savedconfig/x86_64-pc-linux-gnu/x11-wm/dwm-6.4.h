static const unsigned int borderpx  = 1;
