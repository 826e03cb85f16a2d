"""any-former: ends the program with an empty answer if the store has no package of zentoo 0.1.0. move-former.py has it before its other
modules, because loading Portage takes time.
"""

import json
import sys

former_store = sys.modules["former-store"]

if not former_store.has_former_packages(sys.argv[1]):
    print(json.dumps({"moved": 0, "left": []}))
    sys.exit()
