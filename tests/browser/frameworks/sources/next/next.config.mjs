export default { output: 'export', basePath: '/next', distDir: 'dist', generateBuildId: () => 'page', typescript: { ignoreBuildErrors: true } };
