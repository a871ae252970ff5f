print("memoryctl")
