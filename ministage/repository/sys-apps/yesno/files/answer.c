int main(void) { return ANSWER; }
