#include "greeting.h"

const char *greeting_text(void) { return "greetings from libgreeting " VERSION; }

#ifdef WITH_SHOUT
const char *greeting_shout(void) { return "GREETINGS FROM LIBGREETING " VERSION "!"; }
#endif
