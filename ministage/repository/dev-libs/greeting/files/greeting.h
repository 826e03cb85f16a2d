#ifndef GREETING_H
#define GREETING_H

const char *greeting_text(void);

/* Only where the library was built with USE=shout. */
const char *greeting_shout(void);

#endif
