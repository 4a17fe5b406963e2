"""The quiz for children, made for voice 2."""

import stand
import voice

print(voice.say("good morning", "softly"), flush=True)
stand.serve(lambda word: f"quiz: {voice.say(word, 'loudly')}")
