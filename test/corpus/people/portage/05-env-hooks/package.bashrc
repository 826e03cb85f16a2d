app-misc/motto motto.sh
