import rate2spike as r2s

cfg = r2s.TrainConfig(n_units=20, n_updates=3, batch_size=2)
print(r2s.train_population(cfg, [1, 2], "population", n_workers=1))
